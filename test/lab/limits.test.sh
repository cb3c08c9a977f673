#!/bin/bash
# Resource limits and the device program on cgroup v2, as the kernel reports them from outside of the container.
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"
cgroup=/sys/fs/cgroup/lab-test/limits
value() { cat "$cgroup/$1" 2>&1; }

make_bundle /root/limits "
  config.process.args = ['sleep', '60'];
  config.linux.cgroupsPath = '/lab-test/limits';
  config.linux.resources.memory = {limit: 67108864, reservation: 33554432, swap: 134217728};
  config.linux.resources.pids = {limit: 32};
  config.linux.resources.cpu = {quota: 50000, period: 100000, shares: 1024};
"
check 'create succeeds' runts create --bundle /root/limits limits
equal 'memory.max' 67108864 "$(value memory.max)"
equal 'memory.low' 33554432 "$(value memory.low)"
equal 'memory.swap.max is swap alone' 67108864 "$(value memory.swap.max)"
equal 'pids.max' 32 "$(value pids.max)"
equal 'cpu.max' '50000 100000' "$(value cpu.max)"
equal 'the process is in the cgroup before start' \
  "$(runts state limits | jq .pid)" "$(value cgroup.procs)"
check 'start succeeds' runts start limits
equal 'running' running "$(runts state limits | jq -r .status)"
check 'kill succeeds' runts kill limits KILL
for ((i = 0; i < 100; i++)); do [ "$(runts state limits | jq -r .status)" = stopped ] && break; sleep 0.1; done
equal 'stopped' stopped "$(runts state limits | jq -r .status)"
check 'delete succeeds' runts delete limits

# Devices: all are denied but the default ones. /dev/kmsg (1:11) may be made, as any node may, but not opened.
make_bundle /root/devices "
  config.process.args = ['sh', '-c', 'mknod /kmsg c 1 11; cat /kmsg; echo read: \$?; cat /dev/null; echo null: \$?'];
  config.process.capabilities.bounding.push('CAP_MKNOD');
  config.process.capabilities.effective.push('CAP_MKNOD');
  config.process.capabilities.permitted.push('CAP_MKNOD');
  config.linux.resources.devices = [{allow: false, access: 'rwm'}];
"
output=$(runts run --bundle /root/devices devices 2>&1)
equal 'a denied device cannot be read' 'read: 1' "$(grep read: <<<"$output")"
equal 'it is the device program that refuses' 1 "$(grep -c 'Operation not permitted' <<<"$output")"
equal '/dev/null can' 'null: 0' "$(grep null: <<<"$output")"

# Over the limit of memory, the kernel kills.
make_bundle /root/oom "
  config.process.args = ['sh', '-c', 'x=0123456789abcdef; while :; do x=\$x\$x; done'];
  config.linux.resources.memory = {limit: 16777216, swap: 16777216};
"
runts run --bundle /root/oom oom >/dev/null 2>&1
equal 'a container beyond memory.max is killed' 137 $?

rmdir /sys/fs/cgroup/lab-test 2>/dev/null
nothing_left lab-test
finish
