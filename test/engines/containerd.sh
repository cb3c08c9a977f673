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
  configure
  start_containerd
  ctr images import "$IMAGES/busybox.tar" >/dev/null
}
# configure: the handler of CRI is as README.md has it.
configure() {
  cat >"$WORK/config.toml" <<END
version = 2
root = "$WORK/root"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.opt"]
[grpc]
  address = "$ADDRESS"
[ttrpc]
  address = "$ADDRESS.ttrpc"
[plugins."io.containerd.grpc.v1.cri".containerd]
  default_runtime_name = "$RUNTIME_NAME"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.$RUNTIME_NAME]
  runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.$RUNTIME_NAME.options]
    BinaryName = "$RUNTIME"
END
}
start_containerd() {
  daemon containerd containerd --config "$WORK/config.toml" --log-level warn
  eventually ctr version
}
engine_stop() {
  # What scenarios that failed have left.
  local id
  for id in $(ctr tasks ls -q); do ctr tasks delete --force "$id" >/dev/null 2>&1 || :; done
  stop_daemon containerd
}

ctr() { command ctr --address "$ADDRESS" --namespace engines "$@"; }
# run FLAG... -- COMMAND...: in the foreground, in a container with the name of the scenario that is removed after it
run() { ctr_run --rm "$@"; }
# start FLAG... -- COMMAND...: in the background
start() { ctr_run --detach "$@"; }
ctr_run() {
  local flags=()
  while [ "$1" != -- ]; do
    flags+=("$1")
    shift
  done
  shift
  ctr run --runc-binary "$RUNTIME" "${flags[@]}" "$IMAGE" "$SCENARIO" "$@" </dev/null
}
# execute [FLAG...] -- COMMAND...: in the container with the name of the scenario
execute() {
  local flags=()
  while [ "$1" != -- ]; do
    flags+=("$1")
    shift
  done
  shift
  ctr tasks exec --exec-id "exec-$RANDOM$RANDOM" "${flags[@]}" "$SCENARIO" "$@" </dev/null
}
status() { ctr tasks ls | awk -v id="$SCENARIO" '$1 == id {print $3}'; }
status_is() { [ "$(status)" = "$1" ]; }
pid() { ctr tasks ls | awk -v id="$SCENARIO" '$1 == id {print $2}'; }
remove() {
  ctr tasks kill --signal SIGKILL "$SCENARIO" 2>/dev/null || :
  eventually stopped
  ctr tasks delete "$SCENARIO" >/dev/null 2>&1 || : # it ends with the exit code of the task
  ctr containers delete "$SCENARIO"
}
stopped() { status_is STOPPED || status_is ''; }
shim() { pgrep -f -- "containerd-shim-runc-v2 .*-id $SCENARIO( |$)"; }

scenario_run() {
  equal hi "$(run -- echo hi)"
  both run --env A=1 --cwd /tmp --user 1000:2000 -- sh -c 'echo $A; pwd; id; cat /proc/self/oom_score_adj'
}
scenario_world_of_a_container() {
  # But for the directory of cgroup hierarchies: runc leaves it writable.
  run -- sh -c 'cut -d " " -f 5,6 /proc/self/mountinfo | grep -v "^/sys/fs/cgroup " | sort
    grep -E "^(Umask|Groups|Sig[BIC]|Cap|NoNew|Seccomp:)" /proc/self/status; cat /proc/self/limits; env | sort; ls /dev; ls /proc/self/fd | wc -l
    ls -l /proc/self/ns | sed "s/.* -> //; s/:.*//"; cat /proc/1/comm'
}
scenario_exit_codes() {
  ends_with 42 run -- sh -c 'exit 42'
  both run -- sh -c 'echo out; exit 3'
  says 'exec: "/no/such": stat /no/such: no such file or directory: unknown' run -- /no/such
  says 'exec: "no-such": executable file not found in $PATH: unknown' run -- no-such
  says 'exec: "/etc/passwd": permission denied: unknown' run -- /etc/passwd
  ctr containers ls -q
  ctr tasks ls -q
}
scenario_terminal() {
  on_terminal ctr run --rm --tty --runc-binary "$RUNTIME" "$IMAGE" "$SCENARIO" sh -c 'tty; test -t 0 && test -t 2 && echo terminals; exit 5' ||
    echo "exit code $?"
  start -- sleep 1000
  on_terminal ctr tasks exec --tty --exec-id one "$SCENARIO" sh -c 'tty; stty size; exit 6' || echo "exit code $?"
  remove
}
scenario_exec() {
  start -- sleep 1000
  ends_with 7 execute --user 1000:1000 --cwd /tmp -- sh -c 'id; pwd; exit 7'
  says 'exec: "/no/such": stat /no/such: no such file or directory: unknown' execute -- /no/such
  says 'exec: "/etc/passwd": permission denied: unknown' execute -- /etc/passwd
  echo in | ctr tasks exec --exec-id in "$SCENARIO" cat
  ctr tasks exec --detach --exec-id background "$SCENARIO" sh -c 'echo made >/tmp/made; sleep 1000'
  eventually execute -- test -s /tmp/made
  execute -- sh -c 'cmp /proc/1/cgroup /proc/self/cgroup && echo same cgroups'
  ctr tasks ps "$SCENARIO" | wc -l
  ctr tasks kill --signal SIGKILL --exec-id background "$SCENARIO"
  eventually execute -- sh -c 'test $(ps | grep -c "[s]leep 1000") = 1'
  remove
}
scenario_pause() {
  start -- sh -c 'i=0; while :; do i=$((i + 1)); echo $i >/tmp/i; sleep 0.05; done'
  eventually test -s "/proc/$(pid)/root/tmp/i"
  ctr tasks pause "$SCENARIO"
  status
  equal "$(cat "/proc/$(pid)/root/tmp/i")" "$(sleep 0.5; cat "/proc/$(pid)/root/tmp/i")"
  says 'cannot exec in a paused' execute -- true
  ctr tasks resume "$SCENARIO"
  status
  execute -- true
  ctr tasks pause "$SCENARIO"
  ctr tasks resume "$SCENARIO"
  remove
}
scenario_kill() {
  local signal
  for signal in SIGKILL SIGUSR1 SIGTERM; do
    start -- sh -c 'trap "exit 21" USR1; trap "exit 22" TERM; while :; do sleep 0.1; done'
    sleep 0.5
    ctr tasks kill --signal "$signal" "$SCENARIO"
    eventually status_is STOPPED
    both ctr tasks delete "$SCENARIO" | grep -o 'exit code.*'
    ctr containers delete "$SCENARIO"
  done
  start -- sh -c 'sleep 1000 & sleep 1000 & wait'
  eventually execute -- sh -c 'test $(ps | grep -c "[s]leep 1000") -ge 2'
  ctr tasks kill --all --signal SIGKILL "$SCENARIO"
  eventually status_is STOPPED
  remove
  says 'not found' ctr tasks kill "$SCENARIO"
}
scenario_limits() {
  start --memory-limit 67108864 --cpus 0.5 -- sleep 1000
  cgroup_file "$(pid)" memory memory.limit_in_bytes memory.max
  cgroup_file "$(pid)" cpu cpu.cfs_quota_us cpu.max
  ctr tasks metrics "$SCENARIO" | awk '{print $1}' | sort
  ctr tasks metrics --format json "$SCENARIO" | grep -o '"limit": *[0-9]*' | head -n 3
  remove
  ends_with 137 run --memory-limit 16777216 -- tail /dev/zero
}
scenario_security() {
  run --seccomp -- grep -E '^(Seccomp:|Cap|NoNew)' /proc/self/status
  run --read-only -- sh -c 'touch /x 2>&1' || echo "exit code $?"
  run --cap-add CAP_SYS_ADMIN --allow-new-privs -- grep -E '^(Cap|NoNew)' /proc/self/status
  run --cap-drop CAP_CHOWN -- grep -E '^Cap' /proc/self/status
  run --device /dev/fuse -- sh -c 'ls -l /dev/fuse | cut -c 1-10'
  mkdir -p "$WORK/tmp/$SCENARIO"
  run --mount "type=bind,src=$WORK/tmp/$SCENARIO,dst=/mnt,options=rbind:ro" -- sh -c 'touch /mnt/x 2>&1; grep -o " /mnt r[ow]" /proc/self/mountinfo'
}
scenario_privileged() { run --privileged -- grep -E '^(Cap|Seccomp:)' /proc/self/status; }
scenario_shared_namespaces() {
  run --net-host -- sh -c 'ip -o link | cut -d " " -f 2'
  start -- sh -c 'hostname shared; sleep 1000'
  local kind pid
  pid=$(pid)
  for kind in pid net ipc uts; do
    ctr run --rm --runc-binary "$RUNTIME" --with-ns "${kind/#net/network}:/proc/$pid/ns/$kind" "$IMAGE" "$SCENARIO-$kind" \
      readlink "/proc/self/ns/$kind" </dev/null | grep -cF "$(readlink "/proc/$pid/ns/$kind")"
  done
  remove
  run --cgroup /of-mine/box -- sh -c 'cut -d : -f 3 /proc/self/cgroup | sort -u'
}
scenario_userns() {
  run --uidmap 0:100000:65536 --gidmap 0:100000:65536 --snapshotter native -- sh -c 'id -u; cat /proc/self/uid_map'
}
scenario_checkpoint() {
  start -- sleep 1000
  trap remove EXIT
  ctr tasks checkpoint "$SCENARIO"
}
scenario_cri_handler() {
  # Of CRI only that its plugin takes the handler: Debian has no client for it.
  equal ok "$(ctr plugins ls | awk '$2 == "cri" {print $4}')"
  containerd --config "$WORK/config.toml" config dump | grep -c "BinaryName = \"$RUNTIME\""
}
scenario_restart_of_containerd() {
  start -- sh -c 'while :; do sleep 0.1; done'
  local pid
  pid=$(pid)
  stop_daemon containerd
  [ -d "/proc/$pid" ]
  start_containerd
  equal "$pid" "$(pid)"
  status
  execute -- echo joined
  stop_daemon containerd KILL
  start_containerd
  status
  execute -- echo joined
  remove
}
scenario_end_of_the_shim() {
  start -- sleep 1000
  local pid
  pid=$(pid)
  kill -9 "$(shim)"
  # containerd notices, and has the runtime delete what the shim had made.
  eventually gone "$pid"
  eventually stopped
  ctr tasks delete "$SCENARIO" >/dev/null 2>&1 || :
  ctr containers delete "$SCENARIO"
  find /run/containerd/runc /sys/fs/cgroup -name "$SCENARIO"
}
scenario_many() {
  local i
  for i in {1..20}; do
    ctr run --rm --runc-binary "$RUNTIME" "$IMAGE" "$SCENARIO-$i" sh -c "echo $i; exit $((i % 2))" </dev/null || : &
  done | sort -n
  wait
  ctr tasks ls -q
}
scenario_events() {
  timeout 60 ctr --address "$ADDRESS" --namespace engines events >"$WORK/tmp/$SCENARIO" &
  local events=$!
  sleep 0.5
  run --memory-limit 16777216 -- tail /dev/zero || :
  eventually grep -q /tasks/delete "$WORK/tmp/$SCENARIO"
  kill "$events"
  grep -o '/tasks/[a-z]*' "$WORK/tmp/$SCENARIO" | sort
}
