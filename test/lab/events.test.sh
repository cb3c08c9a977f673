#!/bin/bash
# events on cgroup v2: statistics, and running out of memory by inotify.
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"

make_bundle /root/events "
  config.process.args = ['sh', '-c', 'while :; do (x=0123456789abcdef; while :; do x=\$x\$x; done); sleep 1; done'];
  config.linux.cgroupsPath = '/lab-test/events';
  config.linux.resources.memory = {limit: 16777216, swap: 16777216};
  config.linux.resources.pids = {limit: 32};
"
check 'create succeeds' runts create --bundle /root/events events
runts events --stats events >/tmp/stats.json
number() { jq -r ".data.$1" </tmp/stats.json; }
equal 'memory.max' 16777216 "$(number memory.usage.limit)"
equal 'memory and swap together' 16777216 "$(number memory.swap.limit)"
equal 'pids.max' 32 "$(number pids.limit)"
equal 'pids.current' 1 "$(number pids.current)"
equal 'memory.current counts' true "$(number 'memory.usage.usage > 0')"
equal 'cpu.stat counts' true "$(number 'cpu.usage.total > 0')"
runts events --interval 1h events >/tmp/oom.json &
follower=$!
check 'start succeeds' runts start events
for ((i = 0; i < 200; i++)); do [ -s /tmp/oom.json ] && break; sleep 0.1; done
equal 'running out of memory is told' '{"type":"oom","id":"events"}' "$(head -n 1 /tmp/oom.json)"
check 'kill succeeds' runts kill --all events KILL
wait $follower
equal 'events ends with the container' 0 $?
check 'delete succeeds' runts delete events

make_bundle /root/unlimited "config.process.args = ['sleep', '60']; config.linux.cgroupsPath = '/lab-test/unlimited';"
check 'create succeeds' runts create --bundle /root/unlimited unlimited
equal 'no limit is the largest number' 2 "$(runts events --stats unlimited | grep -o '"limit":18446744073709551615' | wc -l)"
check 'pause succeeds' runts pause unlimited
equal 'paused' paused "$(runts state unlimited | jq -r .status)"
equal 'cgroup.freeze' 1 "$(cat /sys/fs/cgroup/lab-test/unlimited/cgroup.freeze)"
check 'resume succeeds' runts resume unlimited
equal 'created again' created "$(runts state unlimited | jq -r .status)"
check 'delete succeeds' runts delete --force unlimited

rmdir /sys/fs/cgroup/lab-test 2>/dev/null
nothing_left lab-test
finish
