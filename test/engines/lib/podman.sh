# shellcheck shell=bash disable=SC2034,SC2064,SC2086
# Sourced: Podman with storage and configuration of its own, through conmon; for root and for an ordinary user.
BUSYBOX=docker.io/library/runts-busybox:latest
PODMAN=(podman --root "$WORK/storage" --runroot /run/containers/storage --tmpdir /run/libpod --storage-driver overlay
  --cgroup-manager cgroupfs --events-backend file --runtime "$RUNTIME")
export CONTAINERS_CONF=$WORK/containers.conf

engine_versions() {
  env -u CONTAINERS_CONF podman --version
  conmon --version | sed 2d
  "$RUNTIME" --version | head -n 1
}
engine_start() {
  # Podman's default limits would be above what a machine without CAP_SYS_RESOURCE allows, with any runtime.
  cat >"$CONTAINERS_CONF" <<END
[containers]
default_ulimits = []
END
  podman load --quiet --input "$IMAGES/busybox.tar" >/dev/null
}
engine_stop() {
  podman pod rm --all --force --time 0 >/dev/null
  # Those whose namespaces are shared go only after the others.
  eventually podman rm --all --force --time 0
  podman rmi --all --force >/dev/null
  podman volume prune --force >/dev/null
  # The storage's own mount, which it takes for private.
  umount "$WORK/storage/overlay" 2>/dev/null || :
}
podman() { command "${PODMAN[@]}" "$@"; }

# run FLAG... IMAGE COMMAND...: in the foreground, in a container that is removed after it
run() { podman run --rm --network none "$@"; }
# start FLAG... IMAGE COMMAND...: in the background, in a container with the name of the scenario
start() { podman run -d --name "$SCENARIO" --network none "$@" >/dev/null; }
state() { podman inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$SCENARIO"; }
pid() { podman inspect -f '{{.State.Pid}}' "$SCENARIO"; }
said() { podman logs "$SCENARIO" | grep -q "$1"; }
ended() { [ "$(podman inspect -f '{{.State.Status}}' "$SCENARIO")" = exited ]; }
# why COMMAND...: what Podman makes of the runtime's message, which is after the last colon, and the exit code
why() {
  local code=0 words
  words=$("$@" 2>&1) || code=$?
  echo "${words##*: } ($code)" | sed -E 's/[0-9a-f]{64}/ID/g'
}
# same KIND CONTAINER CONTAINER: whether they share a namespace
same() {
  local first second
  first=$(podman exec "$2" readlink "/proc/self/ns/$1")
  second=$(podman exec "$3" readlink "/proc/self/ns/$1")
  if [ "$first" = "$second" ]; then echo "same $1"; else echo "different $1"; fi
}
