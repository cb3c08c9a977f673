#!/bin/bash
# The controllers of cgroup v2 that User Mode Linux does not have, as the kernel reports them and in effect: cpuset, hugetlb,
# rdma, io.max, io.weight and io.bfq.weight of real block devices, PSI.
# lab: --kernel qemu
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"
top=/sys/fs/cgroup/lab-test
modprobe bfq && modprobe null_blk && echo bfq >/sys/block/nullb0/queue/scheduler
disk=$(cat /sys/block/vda/dev) null=$(cat /sys/block/nullb0/dev)
numbers() { echo "major: ${1%:*}, minor: ${1#*:}"; }

make_bundle /root/all "
  config.process.args = ['sleep', '60'];
  config.linux.cgroupsPath = '/lab-test/all';
  config.linux.resources = {
    cpu: {cpus: '1', mems: '0'},
    hugepageLimits: [{pageSize: '2MB', limit: 4194304}, {pageSize: '1GB', limit: 0}],
    blockIO: {
      weight: 500,
      weightDevice: [{$(numbers "$null"), weight: 250}],
      throttleReadBpsDevice: [{$(numbers "$disk"), rate: 1048576}],
      throttleWriteBpsDevice: [{$(numbers "$disk"), rate: 2097152}],
      throttleReadIOPSDevice: [{$(numbers "$disk"), rate: 300}],
      throttleWriteIOPSDevice: [{$(numbers "$disk"), rate: 400}],
    },
    unified: {'cgroup.pressure': '0', 'misc.max': ''},
  };
"
files='cpuset.cpus cpuset.cpus.effective cpuset.mems hugetlb.2MB.max hugetlb.2MB.rsvd.max hugetlb.1GB.max io.bfq.weight io.max cgroup.pressure'
check 'create succeeds' runts create --bundle /root/all all
# shellcheck disable=SC2086
equal 'values' "cpuset.cpus: 1
cpuset.cpus.effective: 1
cpuset.mems: 0
hugetlb.2MB.max: 4194304
hugetlb.2MB.rsvd.max: 4194304
hugetlb.1GB.max: 0
io.bfq.weight: default 500;$null 250
io.max: $disk rbps=1048576 wbps=2097152 riops=300 wiops=400
cgroup.pressure: 0" "$(values $top/all $files)"
runts delete --force all
# shellcheck disable=SC2086
what_others_do /root/all $top/all $files

# ---- in effect
make_bundle /root/cpus "config.process.args = ['grep', 'Cpus_allowed_list', '/proc/self/status']; config.linux.resources.cpu = {cpus: '1'};"
equal 'the program has only that processor' 'Cpus_allowed_list: 1' "$(runts run --bundle /root/cpus cpus | tr '\t' ' ')"

# Pages of a file on hugetlbfs: two fit the limit.
echo 8 >/proc/sys/vm/nr_hugepages
make_bundle /root/huge "
  config.process.args = ['sh', '-c', 'fallocate -l 4M /huge/a && echo two; fallocate -l 2M /huge/b || echo no third'];
  config.mounts.push({destination: '/huge', type: 'hugetlbfs', source: 'hugetlbfs', options: ['pagesize=2M']});
  config.linux.resources.hugepageLimits = [{pageSize: '2MB', limit: 4194304}];
"
equal 'hugetlb.2MB.max holds' 'two no third' "$(runts run --bundle /root/huge huge 2>/dev/null | paste -sd ' ')"

mkdir /root/data
dd if=/dev/zero of=/root/data/file bs=1M count=3 conv=fsync 2>/dev/null
make_bundle /root/slow "
  config.process.args = ['sh', '-c', 'cat /proc/uptime; dd if=/data/file of=/dev/null bs=512k iflag=direct; cat /proc/uptime'];
  config.mounts.push({destination: '/data', type: 'bind', source: '/root/data', options: ['bind', 'ro']});
  config.linux.resources.blockIO = {throttleReadBpsDevice: [{$(numbers "$disk"), rate: 1048576}]};
"
took=$(runts run --bundle /root/slow slow 2>/dev/null | awk 'NR == 1 {began = $1} END {print NR == 2 ? $1 - began : 0}')
check "reading 3 MiB at 1 MiB/s takes two seconds at least: $took" awk -v took="$took" 'BEGIN {exit took < 2}'

# Without BFQ weights are those of iocost.
make_bundle /root/partition "
  config.process.args = ['true'];
  config.linux.resources.unified = {'cpuset.cpus.partition': 'member', 'memory.low': '1048576', 'io.weight': 'default 33'};
"
check 'unified: files of several controllers' runts run --bundle /root/partition partition

# ---- pressure, and clocks: User Mode Linux has neither PSI nor time namespaces
make_bundle /root/stall "
  config.process.args = ['sh', '-c', 'while :; do :; done & while :; do :; done & while :; do :; done'];
  config.linux.cgroupsPath = '/lab-test/stall';
"
check 'run succeeds' runts run --detach --bundle /root/stall stall </dev/null
stalled=false
for ((i = 0; i < 100; i++)); do
  stalled=$(runts events --stats stall | jq '.data.cpu.psi.some.total > 0')
  [ "$stalled" = true ] && break
  sleep 0.1
done
equal 'pressure on the processors is told in events' true "$stalled"
equal 'and that on memory and I/O' '["full","some"] ["full","some"]' \
  "$(runts events --stats stall | jq -c '.data.memory.psi, .data.blkio.psi | keys' | paste -sd' ')"
check 'delete succeeds' runts delete --force stall
make_bundle /root/clock "
  config.process.args = ['cat', '/proc/uptime', '/proc/self/timens_offsets'];
  config.linux.namespaces.push({type: 'time'});
  config.linux.timeOffsets = {boottime: {secs: 1000000}, monotonic: {secs: 7, nanosecs: 5}};
"
runts run --bundle /root/clock clock >/tmp/clock 2>&1
equal 'the clock since boot is moved' true "$(awk 'NR == 1 {print ($1 > 1000000 ? "true" : "false")}' /tmp/clock)"
equal 'both offsets are there' 'monotonic 7 5 boottime 1000000 0' "$(tail -n 2 /tmp/clock | xargs)"

# ---- refused
make_bundle /root/one "config.linux.cgroupsPath = '/lab-test/one';"
refused_with() {
  limit_bundle /root/one "$2"
  refused "refused: $1" "$3" runts create --bundle /root/one one
  check "$1: no cgroup is left" test ! -e $top/one
}
refused_with 'processors that are not there' '{"cpu": {"cpus": "1-2"}}' 'cpu/cpus: write 1-2 to cpuset.cpus .*the cgroup above has cpuset.cpus 0-1'
refused_with 'processors of which none is there' '{"cpu": {"cpus": "2-3"}}' 'cpu/cpus: write 2-3 to cpuset.cpus'
refused_with 'memory nodes that are not there' '{"cpu": {"mems": "1"}}' 'cpu/mems: write 1 to cpuset.mems'
refused_with 'a partition that cannot be' '{"unified": {"cpuset.cpus.partition": "root"}}' 'unified/cpuset.cpus.partition: .*the kernel made it root invalid'
refused_with 'an RDMA device that is not there' '{"rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 100}}}' 'rdma/mlx5_1: write mlx5_1 hca_handle=3 hca_object=100 to rdma.max .*ENODEV .*no such RDMA device'
refused_with 'pages of a size that is not there' '{"hugepageLimits": [{"pageSize": "3MB", "limit": 0}]}' 'hugepageLimits/0: .*no huge pages of that size'
refused_with 'weights for a disk without a scheduler' '{"blockIO": {"weightDevice": [{"major": '${disk%:*}', "minor": '${disk#*:}', "weight": 100}]}}' "weightDevice/0/weight: .*echo bfq >/sys/dev/block/$disk/queue/scheduler"

# A cpuset above that has fewer processors than are asked for.
mkdir -p $top/narrow
echo '+cpuset' >$top/cgroup.subtree_control
echo 0 >$top/narrow/cpuset.cpus
limit_bundle /root/one '{"cpu": {"cpus": "0-1"}}' /lab-test/narrow/c
refused 'refused: processors that the cgroup above does not have' \
  'cpu/cpus: write 0-1 to cpuset.cpus .*the kernel made it 0: the cgroup above has cpuset.cpus 0' runts create --bundle /root/one one
rmdir $top/narrow $top

nothing_left lab-test
finish
