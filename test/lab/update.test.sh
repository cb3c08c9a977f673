#!/bin/bash
# update on cgroup v2, where quota and period, and memory and swap, depend on each other.
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"
cgroup=/sys/fs/cgroup/lab-test/update
value() { cat "$cgroup/$1" 2>&1; }

make_bundle /root/update "
  config.process.args = ['sleep', '60'];
  config.linux.cgroupsPath = '/lab-test/update';
  config.linux.resources.memory = {limit: 67108864, swap: 67108864};
  config.linux.resources.cpu = {quota: 20000, period: 50000, shares: 512};
"
check 'run succeeds' runts run --detach --bundle /root/update update </dev/null
check 'a new quota' runts update --cpu-quota 30000 update
equal 'keeps the period' '30000 50000' "$(value cpu.max)"
check 'a new period' runts update --cpu-period 100000 update
equal 'keeps the quota' '30000 100000' "$(value cpu.max)"
check 'no quota' runts update --cpu-quota -1 update
equal 'is max' 'max 100000' "$(value cpu.max)"
check 'new shares' runts update --cpu-share 1024 update
equal 'are a weight' 100 "$(value cpu.weight)"
check 'new swap' runts update --memory-swap 128m update
equal 'is less the present memory' 67108864 "$(value memory.swap.max)"
check 'new memory and swap' runts update --memory 32m --memory-swap 48m update
equal 'memory.max' 33554432 "$(value memory.max)"
equal 'memory.swap.max' 16777216 "$(value memory.swap.max)"
check 'no limit of memory' runts update --memory -1 update
equal 'memory.max is max' max "$(value memory.max)"
equal 'and that of swap, too' max "$(value memory.swap.max)"
check 'pids' runts update --pids-limit 9 update
equal 'pids.max' 9 "$(value pids.max)"
check 'a unified file' runts update --resources - update <<<'{"unified": {"memory.high": "33554432"}}'
equal 'memory.high' 33554432 "$(value memory.high)"
equal 'what the kernel refuses is an error' 1 \
  "$(runts update --resources - update <<<'{"pids": {"limit": 7}, "unified": {"memory.high": "lots"}}' 2>/dev/null; echo $?)"
equal 'after which all is as it was' 9 "$(value pids.max)"
check 'delete succeeds' runts delete --force update

rmdir /sys/fs/cgroup/lab-test 2>/dev/null
nothing_left lab-test
finish
