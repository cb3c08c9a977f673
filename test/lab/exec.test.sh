#!/bin/bash
# exec on cgroup v2: born in the container's cgroup, in one below it, in that of the first process, or going there by itself.
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"

CGROUP=/sys/fs/cgroup/lab-test/exec
OWN='cat /proc/self/cgroup'

make_bundle /root/exec "
  config.process.args = ['sleep', '60'];
  config.linux.namespaces = config.linux.namespaces.filter(({type}) => type !== 'cgroup');
  config.linux.cgroupsPath = '/lab-test/exec';
  config.linux.resources.pids = {limit: 4};
"
check 'create succeeds' runts create --bundle /root/exec exec
equal 'in a created container' '0::/lab-test/exec' "$(runts exec exec $OWN)"
check 'start succeeds' runts start exec
equal 'in a running container' '0::/lab-test/exec' "$(runts exec exec $OWN)"

mkdir $CGROUP/below
equal '--cgroup goes below' '0::/lab-test/exec/below' "$(runts exec --cgroup below exec $OWN)"
equal '--cgroup / is the container’s' '0::/lab-test/exec' "$(runts exec --cgroup / exec $OWN)"
runts exec --cgroup nosuch exec true 2>/tmp/error
equal '--cgroup of none is refused' 255 $?
check 'and says so' grep -q 'nosuch: no such file or directory' /tmp/error
rmdir $CGROUP/below

echo '{"cwd": "/", "args": ["cat", "/proc/self/cgroup"], "env": ["PATH=/bin"], "execCPUAffinity": {"initial": "0"}}' >/tmp/process.json
equal 'with initial CPUs it goes there by itself' '0::/lab-test/exec' "$(runts exec --process /tmp/process.json exec)"

runts exec --detach exec sleep 50
runts exec --detach exec sleep 50
runts exec exec true 2>/tmp/error
equal 'no room in pids.max' 255 $?
check 'is told' grep -q 'EAGAIN.*pids limit' /tmp/error

runts pause exec
runts exec exec true 2>/tmp/error
equal 'paused' 255 $?
check 'is told' grep -q 'cannot exec in a paused container (use --ignore-paused to override)' /tmp/error
runts resume exec
check 'delete succeeds' runts delete --force exec

make_bundle /root/nested "
  config.process.args = ['sleep', '60'];
  config.linux.namespaces = config.linux.namespaces.filter(({type}) => type !== 'cgroup');
  config.linux.cgroupsPath = '/lab-test/nested';
"
check 'create succeeds' runts create --bundle /root/nested nested
check 'start succeeds' runts start nested
CGROUP=/sys/fs/cgroup/lab-test/nested
mkdir $CGROUP/leaf
runts state nested | jq .pid >$CGROUP/leaf/cgroup.procs
echo +pids >$CGROUP/cgroup.subtree_control
equal 'where processes may be in leaves only, in that of the first' '0::/lab-test/nested/leaf' "$(runts exec nested $OWN)"
check 'delete succeeds' runts delete --force nested

rmdir /sys/fs/cgroup/lab-test 2>/dev/null
nothing_left lab-test
finish
