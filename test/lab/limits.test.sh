#!/bin/bash
# Resource limits and the device program on cgroup v2, as the kernel reports them from outside of the container, and in
# effect. What User Mode Linux has no controller for is in controllers.test.sh.
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"
top=/sys/fs/cgroup/lab-test
cgroup=$top/limits
give_mknod="for (const set of ['bounding', 'effective', 'permitted']) config.process.capabilities[set].push('CAP_MKNOD');"

# ---- values
make_bundle /root/limits "
  config.process.args = ['sleep', '60'];
  config.linux.cgroupsPath = '/lab-test/limits';
  config.linux.resources = {
    devices: [{allow: false, access: 'rwm'}],
    memory: {limit: 67108865, reservation: 33554432, swap: 134217729},
    pids: {limit: 32},
    cpu: {quota: 50000, period: 100000, burst: 10000, shares: 1024},
    blockIO: {throttleReadBpsDevice: [{major: 98, minor: 0, rate: 1048576}], throttleWriteIOPSDevice: [{major: 98, minor: 0, rate: 100}]},
    unified: {'memory.high': '50331648', 'pids.max': '33', 'cgroup.max.depth': '4', 'memory.oom.group': '1'},
  };
"
files='memory.max memory.low memory.swap.max memory.high memory.oom.group pids.max cpu.max cpu.max.burst cpu.weight io.max cgroup.max.depth'
# shellcheck disable=SC2086
{
  check 'create succeeds' runts create --bundle /root/limits limits
  equal 'values: memory is rounded to pages, swap is swap alone, 1024 shares are weight 100, unified wins' \
    "memory.max: 67108864
memory.low: 33554432
memory.swap.max: 67108864
memory.high: 50331648
memory.oom.group: 1
pids.max: 33
cpu.max: 50000 100000
cpu.max.burst: 10000
cpu.weight: 100
io.max: 98:0 rbps=1048576 wbps=max riops=max wiops=100
cgroup.max.depth: 4" "$(values $cgroup $files)"
}
equal 'the process is in the cgroup before start' "$(runts state limits | jq .pid)" "$(cat $cgroup/cgroup.procs)"
check 'start succeeds' runts start limits
equal 'running' running "$(runts state limits | jq -r .status)"
# A frozen container dies all the same.
echo 1 >$cgroup/cgroup.freeze
eventually 'it freezes' grep -q 'frozen 1' $cgroup/cgroup.events
equal 'paused' paused "$(runts state limits | jq -r .status)"
check 'kill succeeds' runts kill limits KILL
eventually 'stopped' status_is limits stopped
check 'delete succeeds' runts delete limits
# shellcheck disable=SC2086
what_others_do /root/limits $cgroup $files

make_bundle /root/one "config.process.args = ['sleep', '60']; config.linux.cgroupsPath = '/lab-test/one';"
# values_with RESOURCES FILE...: those of a container of its own
values_with() {
  limit_bundle /root/one "$1"
  runts create --bundle /root/one one 2>/tmp/one.log && values $top/one "${@:2}"
  cat /tmp/one.log
  runts delete --force one
}
equal 'what is 0 is not set' 'memory.max: max
memory.swap.max: max
cpu.max: max 100000
cpu.weight: 100' "$(values_with '{"memory": {"limit": 0, "swap": 0, "reservation": 0, "kernel": 0}, "cpu": {"shares": 0, "quota": 0, "period": 0, "realtimeRuntime": 0},
  "network": {"classID": 0, "priorities": []}, "hugepageLimits": [], "rdma": {}, "unified": {}}' \
  memory.max memory.swap.max cpu.max cpu.weight)"
equal '-1 is no limit, idle is idle, and equal limits of memory and memory+swap are no swap' 'memory.swap.max: 0
pids.max: max
cpu.max: max 50000
cpu.idle: 1' "$(values_with '{"memory": {"limit": 33554432, "swap": 33554432}, "pids": {"limit": -1}, "cpu": {"quota": -1, "period": 50000, "idle": 1}}' \
  memory.swap.max pids.max cpu.max cpu.idle)"
equal 'no pids is one pid, the least shares the least weight' 'pids.max: 1
cpu.weight: 1' "$(values_with '{"pids": {"limit": 0}, "cpu": {"shares": 2}}' pids.max cpu.weight)"

# Of knobs that v2 does not have, those of memory are passed over aloud; all others are refused.
warned=$(values_with '{"memory": {"swappiness": 10, "kernel": 1048576, "kernelTCP": 1048576, "disableOOMKiller": true, "useHierarchy": false}}' memory.max)
equal 'five warnings' 5 "$(grep -c 'level=warning.*ignoring it' <<<"$warned")"
refused_with() {
  limit_bundle /root/one "$2"
  refused "refused: $1" "$3" runts create --bundle /root/one one
  check "$1: no cgroup is left" test ! -e $top/one
}
refused_with 'what v2 lacks' '{"cpu": {"realtimeRuntime": 1000}}' 'cpu/realtimeRuntime: cgroup v2 has no realtime limits'
refused_with 'a controller that the kernel lacks' '{"rdma": {"mlx": {"hcaHandles": 1}}}' 'rdma/mlx: write .*this kernel has no controller "rdma" \(CONFIG_CGROUP_RDMA\)'
refused_with 'a device that is not there' '{"blockIO": {"throttleReadBpsDevice": [{"major": 240, "minor": 9, "rate": 1}]}}' 'throttleReadBpsDevice/0: .*ENODEV.*there is no such block device'
refused_with 'freezing by unified' '{"unified": {"cgroup.freeze": "1"}}' 'unified/cgroup.freeze: is not a limit'

# ---- in effect
make_bundle /root/forks "
  config.process.args = ['sh', '-c', 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; echo not reached'];
  config.linux.resources.pids = {limit: 5};
"
refused 'a fork beyond pids.max is refused' "can't fork" runts run --bundle /root/forks forks

# Its own cgroup is the root of what the container sees.
make_bundle /root/throttled "
  config.process.args = ['sh', '-c', 'i=0; while ! grep -q \"nr_throttled [1-9]\" /sys/fs/cgroup/cpu.stat && [ \$i -lt 2000 ]; do i=\$((i + 1)); done; grep nr_throttled /sys/fs/cgroup/cpu.stat'];
  config.linux.resources.cpu = {quota: 5000, period: 100000};
"
equal 'cpu.max throttles' 1 "$(runts run --bundle /root/throttled throttled | grep -c 'nr_throttled [1-9]')"

# Over the limit of memory, the kernel kills.
make_bundle /root/oom "
  config.process.args = ['sh', '-c', 'x=0123456789abcdef; while :; do x=\$x\$x; done'];
  config.linux.cgroupsPath = '/lab-test/oom';
  config.linux.resources.memory = {limit: 16777216, swap: 16777216};
"
check 'a container starts' runts run --detach --bundle /root/oom oom
eventually 'beyond memory.max it ends' status_is oom stopped
equal 'by the OOM killer' 1 "$(grep -c 'oom_kill [1-9]' $top/oom/memory.events)"
runts delete oom

# ---- devices: all are denied but the default ones. /dev/kmsg (1:11) may be made, as any node may, but not opened.
device_bundle() {
  make_bundle "/root/$1" "
    config.process.args = ['sh', '-c', 'mknod /kmsg c 1 11; dd if=/kmsg of=/dev/null bs=8192 count=1 && echo read; echo x >/kmsg && echo write; cat /dev/null && echo null'];
    config.linux.cgroupsPath = '/lab-test/$1';
    $give_mknod
    config.linux.resources.devices = $2;
  "
}
device_bundle denied '[{allow: false, access: "rwm"}]'
output=$(runts run --bundle /root/denied denied 2>&1)
equal 'a denied device can be neither read nor written, /dev/null can' null "$(grep -xE 'read|write|null' <<<"$output" | paste -sd ' ')"
equal 'it is the device program that refuses' 2 "$(grep -c 'Operation not permitted' <<<"$output")"
device_bundle allowed '[{allow: false, access: "rwm"}, {allow: true, type: "c", major: 1, minor: 11, access: "r"}]'
equal 'an allowed one can be read, and no more' 'read null' \
  "$(runts run --bundle /root/allowed allowed 2>/dev/null | paste -sd ' ')"

# Programs that others attached: to the container's cgroup they are replaced, to one above they hold.
programs() { bpftool cgroup list "$1" 2>/dev/null | awk '/device/ {print $1}'; }
device_bundle strict '[{allow: false, access: "rwm"}]'
check 'a container with a program' runts create --bundle /root/strict strict
id=$(programs $top/strict)
mkdir $top/allowed $top/above
attach() { bpftool cgroup attach "$1" device id "$2" multi 2>/dev/null; }
attach $top/allowed "$id"
equal 'a cgroup with one program of others' "$id" "$(programs $top/allowed)"
check 'is taken' runts create --bundle /root/allowed allowed
equal 'has one program then' 1 "$(programs $top/allowed | wc -l)"
check 'another one' test "$(programs $top/allowed)" != "$id"
runts delete --force allowed
mkdir $top/allowed
device_bundle second '[{allow: false, access: "rwm"}]'
check 'a container with another program' runts create --bundle /root/second second
for id in "$id" $(programs $top/second); do attach $top/allowed "$id"; done
equal 'a cgroup with two programs of others' 2 "$(programs $top/allowed | wc -l)"
check 'is taken, too' runts create --bundle /root/allowed allowed
equal 'and has one program then, too' 1 "$(programs $top/allowed | wc -l)"
runts delete --force allowed
attach $top/above "$(programs $top/strict)"
make_bundle /root/below "$(printf 'Object.assign(config, %s); config.linux.cgroupsPath = "/lab-test/above/c"' "$(cat /root/allowed/config.json)")"
equal 'what is denied above stays denied' null "$(runts run --bundle /root/below below 2>/dev/null | paste -sd ' ')"
runts delete --force strict
runts delete --force second
rmdir $top/above

rmdir $top 2>/dev/null
nothing_left lab-test
finish
