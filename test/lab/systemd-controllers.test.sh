#!/bin/bash
# The systemd cgroup driver and the controllers that User Mode Linux does not have: cpuset and io.weight, as properties of the unit and in the kernel.
# lab: --init systemd --kernel qemu
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"
modprobe null_blk && modprobe bfq && echo bfq >/sys/block/nullb0/queue/scheduler
null=$(cat /sys/block/nullb0/dev)
unit=runts-all.scope cgroup=/sys/fs/cgroup/system.slice/runts-all.scope
names='AllowedCPUs AllowedMemoryNodes IOWeight IODeviceWeight'
# both: properties of the unit and files of the kernel, one line each
both() {
  # shellcheck disable=SC2086
  systemctl show $unit $(printf -- '-p %s ' $names) | sort
  values $cgroup cpuset.cpus cpuset.cpus.effective cpuset.mems io.weight io.bfq.weight
}

make_bundle /root/all "
  config.process.args = ['sleep', '1000'];
  config.linux.cgroupsPath = 'system.slice:runts:all';
  config.linux.resources = {
    cpu: {cpus: '1', mems: '0'},
    blockIO: {weight: 500, weightDevice: [{major: ${null%:*}, minor: ${null#*:}, weight: 250}]},
  };
"
check 'create' runts --systemd-cgroup create --bundle /root/all all
equal 'every one is a property of the unit, and in force' "AllowedCPUs=1
AllowedMemoryNodes=0
IODeviceWeight=/dev/block/$null 2425
IOWeight=4950
cpuset.cpus: 1
cpuset.cpus.effective: 1
cpuset.mems: 0
io.weight: default 4950
io.bfq.weight: default 500;$null 250" "$(both)"
check 'update' runts update --cpuset-cpus 0 --blkio-weight 300 all
equal 'which the unit and the kernel have, too, and the weight of a device is kept' "AllowedCPUs=0
AllowedMemoryNodes=0
IODeviceWeight=/dev/block/$null 2425
IOWeight=2930
cpuset.cpus: 0
cpuset.cpus.effective: 0
cpuset.mems: 0
io.weight: default 2930
io.bfq.weight: default 300;$null 250" "$(both)"
systemctl daemon-reload && systemctl set-property --runtime $unit TasksMax=60 AllowedCPUs=0-1 && systemctl set-property --runtime $unit AllowedCPUs=0
equal 'when systemd has written everything anew BFQ has what that makes of its own weights' "cpuset.cpus: 0
io.weight: default 2930
io.bfq.weight: default 357;$null 311" "$(values $cgroup cpuset.cpus io.weight io.bfq.weight)"
refused 'processors that are not there' 'cpuset-cpus: write 0-7 to cpuset.cpus .*the cgroup above has cpuset.cpus' runts update --cpuset-cpus 0-7 all
equal 'leave unit and kernel as they were' 'AllowedCPUs=0 cpuset.cpus: 0' "$(systemctl show -p AllowedCPUs $unit) $(values $cgroup cpuset.cpus)"
check 'delete' runts delete --force all
# The same under runc, for the reader.
as_old /root/all
{
  runc --systemd-cgroup create --bundle /root/all other >/tmp/other.log 2>&1 </dev/null && both
  cat /tmp/other.log
} 2>&1 | sed 's/^/        runc: /'
runc delete --force other
nothing_left runts-all
finish
