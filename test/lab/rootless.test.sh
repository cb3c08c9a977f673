#!/bin/bash
# An ordinary user (lab, uid 1000) on cgroup v2, with and without a cgroup that is delegated to him, and wrong set-ups of
# the host: each is told with its cure.
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"

OWN=/home/lab/own     # what `runts spec` writes: no user namespace
MADE=/home/lab/made   # what `runts spec --rootless` writes
user_bundle() {
  mkdir -p "$1/rootfs/bin"
  cp /bin/busybox "$1/rootfs/bin/busybox"
  local name
  for name in sh cat sleep id echo true; do ln -sf busybox "$1/rootfs/bin/$name"; done
  chown -R lab: "$1"
  as_user runts spec --bundle "$1" "${@:3}"
  change "$1" ".process.terminal = false | .process.args = $2"
}
change() { local config; config=$(jq "$2" "$1/config.json") && echo "$config" >"$1/config.json" && chown lab: "$1/config.json"; }
install -d -m 700 -o lab -g lab /run/user/1000
# Not in a cgroup of his own.
as_user() { (cd /home/lab && XDG_RUNTIME_DIR=/run/user/1000 setpriv --reuid=1000 --regid=1000 --init-groups --inh-caps=-all -- "$@"); }
run_own() { as_user runts run --bundle $OWN own; }
run_made() { as_user runts run --bundle $MADE made; }

user_bundle $OWN '["sh", "-c", "id -u; cat /proc/self/uid_map"]'
user_bundle $MADE '["sh", "-c", "id -u; cat /proc/self/uid_map"]' --rootless

# ---- the user namespace
flat() { tr -s ' ' | sed 's/^ //' | paste -sd ';'; }
equal 'a config without a user namespace gets one of /etc/subuid' '0;0 1000 1;1 100000 65536' "$(run_own 2>&1 | flat)"
equal 'what spec --rootless writes runs as it comes out' '0;0 1000 1' "$(run_made 2>&1 | flat)"
for runtime in runc crun; do
  as_old $MADE
  echo "        $runtime: $(as_user $runtime run --bundle $MADE made 2>&1 | flat)"
done

# ---- a cgroup of his own
change $OWN '.process.args = ["sleep", "100"] | .linux.resources = {"pids": {"limit": 9}, "memory": {"limit": 67108864}}'
check 'create with limits, in a delegated cgroup' as-lab runts create --bundle $OWN own
cgroup=$(find /sys/fs/cgroup -type d -name own)
equal 'they are in force' 'pids.max: 9
memory.max: 67108864' "$(values "$cgroup" pids.max memory.max)"
user_runts() { as-lab runts "$@"; }
check 'start' user_runts start own
check 'exec' user_runts exec own id
check 'update' user_runts update --pids-limit 7 --memory 33554432 own
equal 'the new limits are in force' 'pids.max: 7
memory.max: 33554432' "$(values "$cgroup" pids.max memory.max)"
check 'pause' user_runts pause own
equal 'it is paused' paused "$(user_runts state own | jq -r .status)"
check 'resume' user_runts resume own
equal 'ps knows its processes' 1 "$(user_runts ps --format json own | jq length)"
equal 'events counts' 7 "$(user_runts events --stats own | jq .data.pids.limit)"
equal 'list shows it' own "$(user_runts list -q)"
check 'kill' user_runts kill own KILL
has_stopped() { [ "$(user_runts state own | jq -r .status)" = stopped ]; }
eventually 'it has stopped' has_stopped
check 'delete' user_runts delete own
check 'nothing is left of its cgroup' test ! -e "$cgroup"

# ---- none
change $OWN '.linux.resources = {"pids": {"limit": 9}} | .process.args = ["true"]'
if [ -d /run/systemd/system ]; then
  cure='start it in a cgroup that systemd delegates to the user: systemd-run --user --scope --property=Delegate=yes'
else
  cure='have root make a cgroup for the user'
fi
refused 'limits without delegation' "pids/limit: rootless needs no limits .*cannot set pids limit.*$cure" run_own
change $OWN 'del(.linux.resources) | .linux.cgroupsPath = "/there"'
refused 'a path without delegation' "linux/cgroupsPath: mkdir of cgroup .*EACCES.*$cure" run_own
change $OWN 'del(.linux.cgroupsPath) | .process.args = ["sleep", "100"]'
check 'without both it runs' as_user runts run --detach --bundle $OWN own
refused 'pause without delegation' "cannot freeze: the container has no cgroup.*$cure" as_user runts pause own
refused 'ps without delegation' "no cgroup, so its processes are not known: $cure" as_user runts ps own
check 'kill reaches it all the same' as_user runts kill own KILL
check 'and so does delete' as_user runts delete --force own

# ---- a controller that is not passed on to the user
if [ ! -d /run/systemd/system ]; then
  mkdir -p /sys/fs/cgroup/few/me
  echo '+memory' >/sys/fs/cgroup/few/cgroup.subtree_control
  mkdir /sys/fs/cgroup/few/lab
  chown lab: /sys/fs/cgroup/few/lab /sys/fs/cgroup/few/lab/cgroup.{procs,subtree_control}
  mkdir /sys/fs/cgroup/few/lab/me && chown lab: /sys/fs/cgroup/few/lab/me{,/cgroup.procs}
  change $OWN '.linux.resources = {"pids": {"limit": 9}} | .process.args = ["true"]'
  in_few() { (echo "$BASHPID" >/sys/fs/cgroup/few/lab/me/cgroup.procs && run_own); }
  refused 'a controller that is not delegated' \
    'pids/limit: .*controller "pids" is not enabled in /sys/fs/cgroup/few/cgroup.subtree_control: this user may not change that: echo \+pids >' in_few
  change $OWN '.linux.resources = {"memory": {"limit": 67108864}}'
  check 'one that is, is in force' in_few
  rmdir /sys/fs/cgroup/few/lab/me /sys/fs/cgroup/few/lab /sys/fs/cgroup/few/me /sys/fs/cgroup/few
fi

# ---- wrong set-ups of the host
change $OWN 'del(.linux.resources) | .process.args = ["true"] | .linux.namespaces += [{"type": "user"}] |
  .linux.uidMappings = [{"containerID": 0, "hostID": 1000, "size": 1}, {"containerID": 1, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
check 'mappings within the range' run_own
cp /etc/subuid /tmp/subuid
: >/etc/subuid
refused 'an empty /etc/subuid' '/etc/subuid gives lab no ids: add the line "lab:100000:65536" to /etc/subuid' run_own
echo 'lab:100000:1000' >/etc/subuid
refused 'a mapping beyond the range' 'uids 100000 to 165535 go beyond "lab:100000:1000" of /etc/subuid: make that line "lab:100000:65536"' run_own
cp /tmp/subuid /etc/subuid
newuidmap=$(readlink -f "$(command -v newuidmap)")
mv "$newuidmap" /tmp/newuidmap
refused 'no newuidmap' 'newuidmap was not found: install it \(package uidmap in Debian' run_own
cp /tmp/newuidmap "$newuidmap"
chmod 755 "$newuidmap"
refused 'a newuidmap without its set-uid bit' "$newuidmap has lost its set-uid bit: chown root $newuidmap && chmod u\+s" run_own
chmod 4755 "$newuidmap"
check 'with it all is well again' run_own
max=$(cat /proc/sys/user/max_user_namespaces)
echo 0 >/proc/sys/user/max_user_namespaces
refused 'user namespaces are switched off' 'user.max_user_namespaces is 0, which forbids them: sysctl -w user.max_user_namespaces=15000' run_own
echo 1 >/proc/sys/user/max_user_namespaces
as_user unshare --user sleep 30 & sleep 1
refused 'the limit is reached' 'as many of them as user.max_user_namespaces \(1\) allows: end some, or raise it: sysctl -w user.max_user_namespaces=2' run_own
pkill -P $! 2>/dev/null; kill $! 2>/dev/null
echo "$max" >/proc/sys/user/max_user_namespaces
if [ -e /proc/sys/kernel/unprivileged_userns_clone ]; then
  echo 0 >/proc/sys/kernel/unprivileged_userns_clone
  refused 'kernel.unprivileged_userns_clone is 0' 'kernel.unprivileged_userns_clone is 0: sysctl -w kernel.unprivileged_userns_clone=1' run_own
  echo 1 >/proc/sys/kernel/unprivileged_userns_clone
fi
in_chroot() { chroot --userspec=1000:1000 /var/tmp/root env XDG_RUNTIME_DIR=/run/user/1000 /src/dist/runts run --bundle $MADE made; }
mkdir -p /var/tmp/root && mount --rbind / /var/tmp/root && mount --make-rprivate /var/tmp/root
refused 'a chroot' 'the runtime is in a chroot' in_chroot
umount -l /var/tmp/root
refused 'the runtime directory of another user' '/root belongs to uid 0: set XDG_RUNTIME_DIR to a directory of the user' \
  as_user env XDG_RUNTIME_DIR=/root runts run --bundle $MADE made

equal 'no state directory is left' '' "$(ls /run/user/1000/runts | grep -v '^seccomp@')"
nothing_left /own
finish
