# shellcheck shell=bash disable=SC2016,SC2153
# containerd through ctr and its runc v2 shim.
# images: busybox
IMAGE=docker.io/library/runts-busybox:latest
ADDRESS=/run/containerd/containerd.sock

engine_versions() {
  ctr --version
  "$RUNTIME" --version | head -n 1
}
engine_start() {
  cat >"$WORK/config.toml" <<END
version = 2
root = "$WORK/root"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.opt"]
[grpc]
  address = "$ADDRESS"
[ttrpc]
  address = "$ADDRESS.ttrpc"
END
  start_containerd
  ctr images import "$IMAGES/busybox.tar" >/dev/null
}
start_containerd() {
  daemon containerd containerd --config "$WORK/config.toml" --log-level warn
  eventually ctr version
}
engine_stop() { stop_daemon containerd; }

ctr() { command ctr --address "$ADDRESS" --namespace engines "$@"; }
# run FLAG... -- COMMAND...: in the foreground, in a container with the name of the scenario that is removed after it
run() {
  local flags=()
  while [ "$1" != -- ]; do
    flags+=("$1")
    shift
  done
  shift
  ctr run --rm --runc-binary "$RUNTIME" "${flags[@]}" "$IMAGE" "$SCENARIO" "$@"
}

scenario_run() {
  equal hi "$(run -- echo hi)"
  both run --env A=1 --cwd /tmp --user 1000:2000 -- sh -c 'echo $A; pwd; id; cat /proc/self/oom_score_adj'
}
scenario_exit_codes() {
  ends_with 42 run -- sh -c 'exit 42'
  ends_with 137 run -- sh -c 'exit 137'
  both run -- sh -c 'echo out; exit 3'
}
