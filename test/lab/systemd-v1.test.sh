#!/bin/bash
# The systemd cgroup driver on cgroup v1: systemd makes its hierarchies, runts the others; devices survive what systemd writes anew.
# lab: --init systemd --kernel qemu --append systemd.unified_cgroup_hierarchy=0 --append systemd.legacy_systemd_cgroup_controller=1
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"
no_unit() { [ -z "$(systemctl list-units --all --plain --no-legend "$1")" ]; }
at() { cat "/sys/fs/cgroup/$1/system.slice/runts-one.scope/$2"; }

make_bundle /root/one "
  config.process.args = ['sleep', '1000'];
  config.linux.cgroupsPath = 'system.slice:runts:one';
  config.linux.devices = [{path: '/dev/fuse', type: 'c', major: 10, minor: 229}, {path: '/dev/loop', type: 'c', major: 10, minor: 237}];
  config.linux.resources = {
    devices: [{allow: false, access: 'rwm'}, {allow: true, type: 'c', major: 10, minor: 229, access: 'r'}],
    memory: {limit: 67108864}, cpu: {shares: 512, quota: 25000, period: 50000, cpus: '0'}, pids: {limit: 99},
  };
"
equal 'the guest has cgroup v1' cgroup "$(stat -f -c %T /sys/fs/cgroup/memory | sed 's/cgroupfs/cgroup/')"
check 'run' runts --systemd-cgroup run --detach --bundle /root/one one </dev/null
pid=$(runts state one | jq .pid)
equal 'the process is in the scope in every hierarchy' /system.slice/runts-one.scope "$(grep -v '^0:' "/proc/$pid/cgroup" | cut -d: -f3 | sort -u)"
equal 'limits are in force' '67108864 512 25000 50000 99 0' \
  "$(at memory memory.limit_in_bytes) $(at cpu cpu.shares) $(at cpu cpu.cfs_quota_us) $(at cpu cpu.cfs_period_us) $(at pids pids.max) $(at cpuset cpuset.cpus)"
equal 'and the unit has them' 'CPUQuotaPerSecUSec=500ms CPUShares=512 DevicePolicy=strict MemoryLimit=67108864 TasksMax=99' \
  "$(systemctl show -p MemoryLimit -p CPUShares -p CPUQuotaPerSecUSec -p TasksMax -p DevicePolicy runts-one.scope | sort | paste -sd ' ')"
can() { runts exec one sh -c ": $1" >/dev/null 2>&1 && echo yes || echo no; }
devices() { echo "fuse: $(can '</dev/fuse'), for writing: $(can '>/dev/fuse'), loop-control: $(can '</dev/loop'), null: $(can '>/dev/null')"; }
before=$(devices)
equal 'devices are those that are allowed' 'fuse: yes, for writing: no, loop-control: no, null: yes' "$before"
systemctl daemon-reload && systemctl set-property --runtime runts-one.scope TasksMax=60 MemoryLimit=60M
equal 'and the same when systemd has written everything anew' "$before" "$(devices)"
check 'update' runts update --cpu-period 100000 --memory 32m one
equal 'reaches unit and kernel' 'CPUQuotaPerSecUSec=250ms MemoryLimit=33554432 25000 33554432' \
  "$(systemctl show -p MemoryLimit -p CPUQuotaPerSecUSec runts-one.scope | sort | paste -sd ' ') $(at cpu cpu.cfs_quota_us) $(at memory memory.limit_in_bytes)"
check 'pause' runts pause one
check 'resume' runts resume one
check 'delete' runts delete --force one
check 'no unit is left' no_unit 'runts-one*'
nothing_left runts-one
finish
