#!/bin/bash
# linux.cgroupsPath on cgroup v2: where the cgroup is, whose it is, and the places where none can be.
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"
top=/sys/fs/cgroup/lab-test
make_bundle /root/one "config.process.args = ['sleep', '60'];"
at() { limit_bundle /root/one '{"pids": {"limit": 9}}' "$1"; }
cgroup_of() { sed 's/^0:://' "/proc/$(runts state "$1" | jq .pid)/cgroup"; }
create() { runts create --bundle /root/one one >/tmp/create.log 2>&1; }

# ---- where it is: this shell is in /lab
check 'without a path' create
equal 'it is beside that of the caller, named after the container' /one "$(cgroup_of one)"
runts delete --force one
at nested/relative
check 'with a relative path' create
equal 'it is taken from there, too' /nested/relative "$(cgroup_of one)"
runts delete --force one
check 'what was made for it is gone' test ! -e /sys/fs/cgroup/nested
at /lab-test/a/b
check 'with an absolute path' create
equal 'it is taken from the root' /lab-test/a/b "$(cgroup_of one)"
equal 'controllers are passed down all the way' 'cpu io memory pids;cpu io memory pids' \
  "$(cat $top/cgroup.subtree_control $top/a/cgroup.subtree_control | paste -sd ';')"
equal 'the limit is in force' 9 "$(cat $top/a/b/pids.max)"
# Processes that the container moved to cgroups below, and one that is frozen, all die.
runts start one
mkdir -p $top/a/b/below/deep
unshare --pid --fork sh -c "echo 0 >$top/a/b/below/deep/cgroup.procs; sleep 100 & sleep 100" 2>/dev/null &
eventually 'there are processes in cgroups below' grep -q . $top/a/b/below/deep/cgroup.procs
echo 1 >$top/a/b/below/cgroup.freeze
check 'delete --force' runts delete --force one
check 'nothing of it is left' test ! -e $top

# ---- a cgroup that exists
mkdir -p $top/there
at /lab-test/there
check 'an empty one is taken' create
runts delete --force one
mkdir -p $top/there
sleep 100 & echo $! >$top/there/cgroup.procs
refused 'one with a process is refused' "container's cgroup is not empty: 1 process" runts create --bundle /root/one one
kill $! && wait $! 2>/dev/null
echo 1 >$top/there/cgroup.freeze
refused 'a frozen one is refused' "container's cgroup unexpectedly frozen" runts create --bundle /root/one one
check 'they are left as they are' grep -q 'frozen 1' $top/there/cgroup.events
at /lab-test/there/below
refused 'and so is one below it' "container's cgroup unexpectedly frozen" runts create --bundle /root/one one
check 'of which nothing is left' test ! -e $top/there/below
rmdir $top/there

# ---- processes are in leaves only
mkdir -p $top/busy
sleep 100 & echo $! >$top/busy/cgroup.procs
at /lab-test/busy/c
refused 'no limits below a cgroup with processes' \
  'pids/limit: .*controller "pids" is not enabled in .*/lab-test/busy/cgroup.subtree_control, because 1 process\(es\) are in' runts create --bundle /root/one one
check 'nothing is left' test ! -e $top/busy/c
limit_bundle /root/one '{}' /lab-test/busy/c
check 'without limits it is fine' create
runts delete --force one
# Inside of a cgroup namespace the caller's own cgroup looks like the root of all, and has processes as well.
nested=$(echo $$ >$top/busy/cgroup.procs && unshare --cgroup --mount bash -c '
  umount -l /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && cat /proc/self/cgroup && runts create --bundle /root/one one && cat /proc/$(runts state one | jq .pid)/cgroup
  runts delete --force one' 2>&1 </dev/null | paste -sd ' ')
equal 'nested: paths are those of the cgroup namespace' '0::/ 0::/lab-test/busy/c' "$nested"
kill $! && wait $! 2>/dev/null
echo $$ >/sys/fs/cgroup/lab/cgroup.procs
mkdir -p $top/busy/t
echo threaded >$top/busy/t/cgroup.type
at /lab-test/busy/c
refused 'none below a threaded domain' 'linux/cgroupsPath: .*would be "domain invalid"' runts create --bundle /root/one one
at /lab-test/busy/t
refused 'and a threaded one itself is none' 'linux/cgroupsPath: .*would be "threaded"' runts create --bundle /root/one one
rmdir $top/busy/t $top/busy
at '/'
refused 'not the root' 'linux/cgroupsPath: "/" is the root' runts create --bundle /root/one one
echo 1 >$top/cgroup.max.depth
at /lab-test/deep/er
refused 'not deeper than allowed' 'linux/cgroupsPath: mkdir of cgroup .*EAGAIN.*cgroup.max.depth' runts create --bundle /root/one one
rmdir $top

# ---- whose it is (runtime-spec, config-linux.md#cgroup-ownership)
owned_bundle() {
  make_bundle /root/owned "
    config.process.args = ['sh', '-c', 'mkdir /sys/fs/cgroup/sub && echo 0 >/sys/fs/cgroup/sub/cgroup.procs && cat /proc/self/cgroup; cat'];
    config.process.user = {uid: 1000, gid: 1000};
    config.linux.cgroupsPath = '/lab-test/owned';
    config.mounts.find(({type}) => type === 'cgroup').options = ['nosuid', 'noexec', 'nodev', 'relatime', 'rw'];
    $1
  "
}
owners() { stat -c '%u' $top/owned $top/owned/{cgroup.procs,cgroup.subtree_control,cgroup.threads,memory.oom.group,memory.max,pids.max} | paste -sd ' '; }
others_own() {
  as_old /root/owned
  runc create --bundle /root/owned other >/dev/null 2>&1 && echo "        runc: $(owners)"
  runc delete --force other
}
owned_bundle ''
check 'a program of uid 1000 and a writable mount' runts create --bundle /root/owned owned
equal 'the cgroup is its own, and what may be delegated in it; limits are not' '1000 1000 1000 1000 1000 0 0' "$(owners)"
runts delete --force owned
others_own
equal 'it makes cgroups below' '0::/sub' "$(runts run --bundle /root/owned owned </dev/null 2>&1)"
owned_bundle "config.mounts.find(({type}) => type === 'cgroup').options.push('ro');"
check 'a read-only mount' runts create --bundle /root/owned owned
equal 'the cgroup stays root'"'s" '0 0 0 0 0 0 0' "$(owners)"
runts delete --force owned
owned_bundle "config.linux.namespaces = config.linux.namespaces.filter(({type}) => type !== 'cgroup');"
check 'no cgroup namespace' runts create --bundle /root/owned owned
equal 'nor then' '0 0 0 0 0 0 0' "$(owners)"
runts delete --force owned
chmod 711 /root
chown 100000:100000 /root/owned/rootfs
owned_bundle "
  config.process.user = {uid: 5, gid: 5};
  config.linux.namespaces.push({type: 'user'});
  config.linux.uidMappings = config.linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}];
"
check 'a user namespace' runts create --bundle /root/owned owned
equal 'it is the uid of the host' '100005 100005 100005 100005 100005 0 0' "$(owners)"
runts delete --force owned
others_own

# ---- callers without the host's root
chmod 755 /root
make_bundle /home/lab/b "
  config.process.args = ['true'];
  config.linux.namespaces = config.linux.namespaces.filter(({type}) => type !== 'network');
  config.linux.namespaces.push({type: 'user'});
  config.linux.uidMappings = config.linux.gidMappings = [{containerID: 0, hostID: 1000, size: 1}];
  config.mounts = config.mounts.filter(({type}) => type === 'proc' || type === 'tmpfs');
"
chown -R lab: /home/lab/b
install -d -m 700 -o lab -g lab /run/user/1000
as_user() { XDG_RUNTIME_DIR=/run/user/1000 setpriv --reuid=1000 --regid=1000 --init-groups --inh-caps=-all -- "$@"; }
change() { limit_bundle /home/lab/b "$@"; chown lab: /home/lab/b/config.json; }
change '{}'
check 'no permission, no limits, no path: it goes without a cgroup' as_user runts run --bundle /home/lab/b user
in_half_delegated() { (echo "$BASHPID" >$top/caller/cgroup.procs && as_user runts run --bundle /home/lab/b user); }
mkdir -p $top/caller && chown lab: $top
check 'nor with one that it could make, but not enter' in_half_delegated
rmdir $top/caller $top
words='rootless needs no limits \+ no cgrouppath when no permission is granted for cgroups'
change '{"pids": {"limit": 9}}'
refused 'no permission, but limits' "pids/limit: $words" as_user runts run --bundle /home/lab/b user
change '{}' /lab-test/user
refused 'no permission, but a path' 'linux/cgroupsPath: mkdir of cgroup .*EACCES \(permission denied\)' as_user runts run --bundle /home/lab/b user
make_bundle /home/lab/b "Object.assign(config, $(cat /home/lab/b/config.json)); config.linux.cgroupsPath = ''; config.process.args = ['sleep', '60'];"
change '{"pids": {"limit": 9}, "memory": {"limit": 67108864}, "devices": [{"allow": false, "access": "rwm"}]}'
check 'a cgroup of its own, and limits' as-lab runts create --bundle /home/lab/b user
cgroup=$(find /sys/fs/cgroup -name user -type d)
equal 'they are in force' 'pids.max: 9
memory.max: 67108864' "$(values "$cgroup" pids.max memory.max)"
check 'they are deleted' as-lab runts delete --force user
check 'nothing is left' test ! -e "$cgroup"

rmdir $top 2>/dev/null
nothing_left lab-test
finish
