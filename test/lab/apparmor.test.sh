#!/bin/bash
# process.apparmorProfile: a profile in enforce mode confines the container, from its first program on.
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"

cat >/root/profile <<'END'
profile lab-test flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  network,
  signal,
  deny /secret rw,
}
END
check 'the profile loads' apparmor_parser -r /root/profile

# run NAME JAVASCRIPT: what the container's script prints
probe='cat /proc/self/attr/apparmor/current; cat /secret /open 2>&1'
run() {
  make_bundle "/root/$1" "config.process.args = ['sh', '-c', '$probe']; $2"
  echo secret >"/root/$1/rootfs/secret"
  echo open >"/root/$1/rootfs/open"
  chmod 777 "/root/$1/rootfs"
  runts run --bundle "/root/$1" "$1" 2>&1
}
confined=$'lab-test (enforce)\ncat: can\'t open \'/secret\': Permission denied\nopen'
profile="config.process.apparmorProfile = 'lab-test';"

equal 'without a profile nothing is confined' $'unconfined\nsecret\nopen' "$(run free '')"
equal 'an empty one is none' $'unconfined\nsecret\nopen' "$(run empty "config.process.apparmorProfile = '';")"
equal 'a profile confines' "$confined" "$(run plain "$profile")"
equal 'with no_new_privs off, too' "$confined" "$(run nnp "$profile config.process.noNewPrivileges = false")"
equal 'and a user without privileges' "$confined" \
  "$(run user "$profile config.process.user = {uid: 1000, gid: 1000}; delete config.process.capabilities")"
equal 'and under a seccomp filter' "$confined" "$(run filter "$profile
  config.process.noNewPrivileges = false;
  config.linux.seccomp = {defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{names: ['openat2'], action: 'SCMP_ACT_ERRNO'}]};")"
# The profile is written through a procfs of runts-init's own.
equal 'and a container without a /proc' "${confined#*$'\n'}" \
  "$(run noproc "$profile config.mounts.shift(); config.linux.maskedPaths = []; config.linux.readonlyPaths = []" | tail -n 2)"
chmod 711 /root
equal 'and one in a user namespace' "$confined" "$(run userns "$profile
  config.linux.namespaces.push({type: 'user'});
  config.linux.uidMappings = config.linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}];")"

# The hooks of the runtime stay outside, those of the container are inside.
make_bundle /root/hooks "$profile
  const hook = (path, file) => [{path, args: ['sh', '-c', 'cat /proc/self/attr/apparmor/current >' + file]}];
  config.process.args = ['cat', '/inside'];
  config.hooks = {createRuntime: hook('/bin/sh', '/root/outside'), startContainer: hook('/bin/sh', '/inside')};"
equal 'a startContainer hook is confined' 'lab-test (enforce)' "$(runts run --bundle /root/hooks hooks 2>&1)"
equal 'a createRuntime hook is not' unconfined "$(cat /root/outside)"

make_bundle /root/gate "$profile config.process.args = ['sleep', '60'];"
check 'create succeeds' runts create --bundle /root/gate gate
check 'start succeeds' runts start gate
pid=$(runts state gate | jq .pid)
# start has returned: the program runs.
equal 'confined after create and start' 'lab-test (enforce)' "$(cat "/proc/$pid/attr/apparmor/current")"
equal 'an exec is confined as the container is' 'lab-test (enforce)' "$(runts exec gate cat /proc/self/attr/apparmor/current 2>&1)"
check 'delete succeeds' runts delete --force gate
# Without a /proc that can be seen, nobody can mount a procfs in a user namespace.
make_bundle /root/inside "config.process.args = ['sleep', '60']; config.linux.namespaces.push({type: 'user'});
  config.mounts.shift(); config.linux.maskedPaths = []; config.linux.readonlyPaths = [];
  config.linux.uidMappings = config.linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}];"
chown -R 100000:100000 /root/inside/rootfs
check 'run succeeds' runts run --detach --bundle /root/inside inside </dev/null
check 'exec succeeds' runts exec --detach --apparmor lab-test --pid-file /root/inside/pid inside sleep 60 </dev/null
equal 'an exec into a user namespace is confined when asked' 'lab-test (enforce)' \
  "$(cat "/proc/$(cat /root/inside/pid)/attr/apparmor/current")"
check 'delete succeeds' runts delete --force inside

make_bundle /root/missing "config.process.apparmorProfile = 'no-such-profile';"
message=$(runts create --bundle /root/missing missing 2>&1)
equal 'a profile that is not loaded is refused' 1 $?
# shellcheck disable=SC2016
expected='config.json#/process/apparmorProfile: set the AppArmor profile no-such-profile: write `/proc/self/attr/apparmor/exec`: ENOENT (no such file or directory): the profile is not loaded: load it with apparmor_parser'
equal 'with the reason' "$expected" "$(sed 's/.*failed: //; s/"$//' <<<"$message")"

nothing_left lab-test
finish
