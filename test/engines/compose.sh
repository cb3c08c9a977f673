# shellcheck shell=bash disable=SC2016,SC2153
# An application of three containers under docker-compose: images are built, and nginx, PHP and MariaDB talk over networks of users.
# images: application
# shellcheck source=docker.sh
. "$PROJECT/test/engines/docker.sh"

engine_versions() {
  docker-compose --version
  docker --version
  "$RUNTIME" --version | head -n 1
}
engine_start() {
  start_dockerd
  docker load -q -i "$IMAGES/application.tar" >/dev/null
}
compose() { docker-compose --project-name "$SCENARIO" --file "$PROJECT/test/engines/application/docker-compose.yml" --ansi never "$@"; }
page() { curl -sf --max-time 2 http://127.0.0.1:8080/; }
down() {
  docker ps -q | xargs --no-run-if-empty docker kill >/dev/null
  compose down --volumes 2>/dev/null
}

scenario_application() {
  trap down EXIT
  compose build --quiet >/dev/null
  compose up --detach
  eventually page
  equal 'visitor 2' "$(page)"
  compose ps --services --filter status=running | sort
  compose exec -T php sh -c 'getent hosts db >/dev/null && echo db is known; grep -E "^(Cap|Seccomp:)" /proc/1/status; touch /x 2>&1' || :
  docker exec "${SCENARIO}_db_1" mariadb -Ns -e 'SELECT COUNT(*) FROM visits.visit'
  docker logs "${SCENARIO}_web_1" | grep -c 'GET / HTTP' >/dev/null
  # A volume outlives its container.
  docker stop --time 20 "${SCENARIO}_db_1" >/dev/null
  docker inspect --format '{{.State.ExitCode}}' "${SCENARIO}_db_1"
  docker rm "${SCENARIO}_db_1" >/dev/null
  compose up --detach db
  eventually page
  equal 'visitor 4' "$(page)"
}
