# shellcheck shell=bash disable=SC2016,SC2086,SC2126,SC2153
# Hours of an engine's traffic in small: $SOAK_CYCLES times the life of a container, under Podman and under containerd, and at the end
# there are no more mounts, cgroups, processes, open files, state files and keyrings than before. runc's cycles only prove the check.
# images: busybox
# shellcheck source=lib/leaks.sh
. "$PROJECT/test/engines/lib/leaks.sh"

CYCLES=${SOAK_CYCLES:-20}
[ "$RUNTIME_NAME" = runts ] || CYCLES=$((CYCLES < 10 ? CYCLES : 10))

# with ENGINE WORDS...: a function of that engine, apart from those of the other
with() (
  # shellcheck source=/dev/null
  . "$PROJECT/test/engines/$1.sh"
  "${@:2}"
)
engine_versions() {
  with podman engine_versions | sed 3d
  with containerd engine_versions
}
engine_start() {
  with podman engine_start
  with containerd engine_start
}
engine_stop() {
  with podman engine_stop
  with containerd engine_stop
}

scenario_podman() {
  # shellcheck source=podman.sh
  . "$PROJECT/test/engines/podman.sh"
  soak podman_cycle
}
podman_cycle() {
  podman run -d --rm --name "soak$1" --network none -m 64m --pids-limit 50 -v "$WORK/tmp:/host:ro" $BUSYBOX \
    sh -c 'trap exit TERM; sleep 1000 & wait' >"$WORK/tmp/id"
  cat "$WORK/tmp/id" >>"$WORK/tmp/ids"
  equal hi "$(podman exec "soak$1" echo hi)"
  podman stop -t 10 "soak$1" >/dev/null
  [ $(($1 % 10)) = 0 ] || return 0
  ends_with 127 run $BUSYBOX /no/such/program 2>/dev/null
  ends_with $(($1 % 100)) run -t $BUSYBOX sh -c "exit $(($1 % 100))"
}

scenario_containerd() {
  # shellcheck source=containerd.sh
  . "$PROJECT/test/engines/containerd.sh"
  soak containerd_cycle
}
containerd_cycle() {
  echo "soak$1" >>"$WORK/tmp/ids"
  equal hi "$(ctr run --rm --runc-binary "$RUNTIME" --memory-limit 67108864 --seccomp "$IMAGE" "soak$1" echo hi)"
  ends_with 7 ctr run --rm --runc-binary "$RUNTIME" "$IMAGE" "soak$1" sh -c 'exit 7'
  [ $(($1 % 10)) = 0 ] || return 0
  ctr run -d --runc-binary "$RUNTIME" "$IMAGE" "soak$1" sleep 1000
  ends_with 3 ctr tasks exec --exec-id one "soak$1" sh -c 'exit 3'
  ctr tasks delete --force "soak$1" >/dev/null 2>&1 || :
  ctr containers delete "soak$1"
}

# soak CYCLE: the first cycles make what stays, such as caches and parent cgroups
soak() {
  local i before began=$SECONDS
  : >"$WORK/tmp/ids"
  for i in 1 2 3 10; do "$1" "$i"; done
  eventually quiet
  before=$(usage)
  for ((i = 1; i <= CYCLES; i++)); do
    "$1" "$i"
    [ $((i % 100)) != 0 ] || tell "after $i cycles"
  done
  eventually quiet
  eventually back_to "$before" || fail "$(diff <(echo "$before") <(usage) | paste -sd ' ')"
  echo 'no growth'
  tell "$CYCLES cycles in $((SECONDS - began)) s, no growth"
}
# tell WORDS: for who waits; there is a container or two that is still about to end
tell() {
  local now
  [ -n "${SOAK_REPORT:-}" ] || return 0
  now=$(usage)
  echo "$SCENARIO, $RUNTIME_NAME: $1: ${now//$'\n'/, }" >>"$SOAK_REPORT"
}
# What is left of a container's end happens behind the command: conmon, shims.
quiet() { ! processes | grep -E '^process [^ ]*(conmon|containerd-shim[^ ]*|podman) '; }
back_to() { [ "$1" = "$(usage)" ]; }
# usage: what could grow, with its number
usage() {
  local ids
  things >"$WORK/tmp/things"
  grep -c '^mount ' "$WORK/tmp/things" | sed 's/^/mounts /'
  grep -c '^cgroup ' "$WORK/tmp/things" | sed 's/^/cgroups /'
  grep -c '^file ' "$WORK/tmp/things" | sed 's/^/state files /'
  processes | grep -v /one.sh | wc -l | sed 's/^/processes /'
  find /proc/1/fd "/proc/$(cat "$WORK/containerd.pid")/fd" -type l | wc -l | sed 's/^/open files /'
  find "$WORK/storage" -maxdepth 2 2>/dev/null | wc -l | sed 's/^/storage /'
  ids=$(grep -c -F -f "$WORK/tmp/ids" /proc/keys || :)
  echo "keyrings $ids"
}
