#!/bin/bash
# cgroup v1 with the controllers that a host may lack: net_cls, net_prio, hugetlb, rdma. The guest starts with cgroup v2, which
# is unmounted first. Then hybrid: memory, pids and io on v2 (io cannot leave it while a disk is in use), the others on v1.
# lab: --kernel qemu
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"
disk=$(cat /sys/block/vda/dev)
# A controller comes free for v1 when no cgroup of v2 has it any more, which takes a moment.
for pid in $(cat /sys/fs/cgroup/lab/cgroup.procs); do echo "$pid" >/sys/fs/cgroup/cgroup.procs; done 2>/dev/null
rmdir /sys/fs/cgroup/lab
for i in $(cat /sys/fs/cgroup/cgroup.controllers); do echo "-$i" >/sys/fs/cgroup/cgroup.subtree_control; done
umount /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
mount_v1() {
  mkdir -p "/sys/fs/cgroup/$1"
  for ((i = 0; i < 50; i++)); do
    mount -t cgroup -o "$1" cgroup "/sys/fs/cgroup/$1" 2>/dev/null && return
    sleep 0.1
  done
  equal "mounting $1" yes no
}
for i in cpu,cpuacct cpuset devices freezer net_cls,net_prio hugetlb rdma; do mount_v1 $i; done

make_bundle /root/all "
  config.process.args = ['sleep', '60'];
  config.linux.cgroupsPath = '/lab-test/all';
  config.linux.namespaces = config.linux.namespaces.filter(({type}) => type !== 'cgroup');
  config.mounts = config.mounts.filter(({type}) => type !== 'cgroup');
  config.linux.resources = {
    network: {classID: 1048577, priorities: [{name: 'lo', priority: 5}]},
    hugepageLimits: [{pageSize: '2MB', limit: 4194304}],
    cpu: {shares: 512, quota: 50000, burst: 1000, cpus: '1', mems: '0'},
  };
"
paths='cpu,cpuacct/lab-test/all/cpu.shares cpu,cpuacct/lab-test/all/cpu.cfs_burst_us
  cpuset/lab-test/all/cpuset.cpus hugetlb/lab-test/all/hugetlb.2MB.limit_in_bytes
  hugetlb/lab-test/all/hugetlb.2MB.rsvd.limit_in_bytes net_cls,net_prio/lab-test/all/net_cls.classid
  net_cls,net_prio/lab-test/all/net_prio.ifpriomap'
# shellcheck disable=SC2086
short() { values /sys/fs/cgroup $paths | sed -E 's|.*/||'; }
check 'create succeeds' runts create --bundle /root/all all
equal 'values on v1' "cpu.shares: 512
cpu.cfs_burst_us: 1000
cpuset.cpus: 1
hugetlb.2MB.limit_in_bytes: 4194304
hugetlb.2MB.rsvd.limit_in_bytes: 4194304
net_cls.classid: 1048577
net_prio.ifpriomap: lo 5" "$(short)"
runts delete --force all
# shellcheck disable=SC2086
what_others_do /root/all /sys/fs/cgroup $paths | sed -E 's|: .*/|: |'

refused_with() {
  limit_bundle /root/all "$2"
  refused "refused: $1" "$3" runts create --bundle /root/all all
}
refused_with 'an RDMA device that is not there' '{"rdma": {"mlx5_1": {"hcaHandles": 3}}}' 'rdma/mlx5_1: write mlx5_1 hca_handle=3 to rdma.max .*ENODEV .*no such RDMA device'
refused_with 'an interface that is not there' '{"network": {"priorities": [{"name": "eth9", "priority": 1}]}}' 'network/priorities/0: .*ENODEV.*no such network interface'
refused_with 'memory, which no hierarchy has' '{"memory": {"limit": 67108864}}' 'memory/limit: the controller "memory" is not mounted on this host: mkdir /sys/fs/cgroup/memory && mount -t cgroup -o memory'
refused_with 'realtime, which this kernel has not' '{"cpu": {"realtimeRuntime": 1000}}' 'cpu/realtimeRuntime: .*no realtime group scheduling \(CONFIG_RT_GROUP_SCHED\)'

# ---- hybrid: what v1 left over is on v2
mkdir /sys/fs/cgroup/unified
mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
limit_bundle /root/all '{"memory": {"limit": 67108864, "swap": 100663296}, "pids": {"limit": 9}, "unified": {"memory.high": "33554432"},
  "cpu": {"shares": 512}, "blockIO": {"throttleReadBpsDevice": [{"major": '"${disk/:/, \"minor\": }"', "rate": 1048576}]}, "devices": [{"allow": false, "access": "rwm"}]}'
check 'hybrid: create succeeds' runts create --bundle /root/all all
equal 'hybrid: memory, pids and io are on v2' "memory.max: 67108864
memory.swap.max: 33554432
memory.high: 33554432
pids.max: 9
io.max: $disk rbps=1048576 wbps=max riops=max wiops=max" "$(values /sys/fs/cgroup/unified/lab-test/all memory.max memory.swap.max memory.high pids.max io.max)"
equal 'hybrid: cpu is on v1' 512 "$(cat /sys/fs/cgroup/cpu,cpuacct/lab-test/all/cpu.shares)"
equal 'hybrid: the process is in both' 2 "$(cat /sys/fs/cgroup/{unified,"cpu,cpuacct"}/lab-test/all/cgroup.procs | wc -l)"
runts delete --force all
refused_with 'unified of a controller on v1' '{"unified": {"cpu.weight": "1"}}' 'unified/cpu.weight: cannot use unified on cgroup v1'

rmdir /sys/fs/cgroup/*/lab-test 2>/dev/null
nothing_left lab-test
finish
