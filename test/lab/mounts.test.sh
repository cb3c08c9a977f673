#!/bin/bash
# Mounts where this project's other tests cannot show them: cgroup v2, an older kernel (6.1) without lowerdir+, and an
# ordinary user.
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"
chmod 711 /root

mount="{destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['nosuid', 'noexec', 'nodev'"
show="config.process.args = ['sh', '-c', 'cat /proc/self/mountinfo'];
  config.mounts = config.mounts.filter(({destination}) => destination !== '/sys/fs/cgroup');
  const own = (has) => {
    config.linux.namespaces = config.linux.namespaces.filter(({type}) => type !== 'cgroup');
    if (has) config.linux.namespaces.push({type: 'cgroup'});
  };
  const user = () => {
    config.linux.namespaces.push({type: 'user'});
    config.linux.uidMappings = config.linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}];
  };
"
# cgroup_mount NAME JAVASCRIPT: root, options and type of what is at /sys/fs/cgroup
cgroup_mount() {
  make_bundle "/root/$1" "$show $2"
  chmod 777 "/root/$1/rootfs"
  runts run --bundle "/root/$1" "$1" 2>&1 | shown
}
# shown: the same of a mountinfo; and all that is no line of it
shown() { sed -nE 's#^[0-9]+ [0-9]+ [0-9:]+ (\S+) /sys/fs/cgroup (\S+) .*- (\S+) .*#\1 \2 \3#p; t; /^[0-9]/!p'; }
flags=nosuid,nodev,noexec,relatime
equal 'in its own cgroup namespace: its cgroup, writable' "/ rw,$flags cgroup2" \
  "$(cgroup_mount own "own(true); config.mounts.push($mount]});")"
equal 'in its own cgroup namespace: its cgroup, read-only' "/ ro,$flags cgroup2" \
  "$(cgroup_mount ownro "own(true); config.mounts.push($mount, 'ro']});")"
equal "in the host's cgroup namespace: all of the tree, read-only" "/ ro,$flags cgroup2" \
  "$(cgroup_mount host "own(false); config.mounts.push($mount, 'ro']});")"
equal 'runc mounts the same there' "/ ro,$flags cgroup2" \
  "$(runc run --bundle /root/host host 2>&1 | shown)"
equal 'with a user namespace and a cgroup namespace: its cgroup' "/ rw,$flags cgroup2" \
  "$(cgroup_mount userown "user(); own(true); config.mounts.push($mount]});")"
equal "with a user namespace in the host's cgroup namespace: its cgroup is bound" "/userhost ro,$flags cgroup2" \
  "$(cgroup_mount userhost "user(); own(false); config.mounts.push($mount, 'ro']});")"

# An ordinary user without a cgroup of his own sees nothing of the host's.
make_bundle /root/plain "$show own(false); user(); delete config.linux.resources; config.mounts.push($mount, 'ro']});
  config.linux.uidMappings = config.linux.gidMappings = [{containerID: 0, hostID: 1234, size: 1}];
  config.mounts = config.mounts.filter(({destination}) => destination !== '/dev/pts');
  config.process.args = ['sh', '-c', 'cat /proc/self/mountinfo; cd /sys/fs/cgroup; echo entries: *; echo x >y'];"
cp -a /root/plain /home/plain && chown -R 1234:1234 /home/plain && mkdir -p /run/plain && chown 1234 /run/plain
output=$(setpriv --reuid 1234 --regid 1234 --clear-groups env XDG_RUNTIME_DIR=/run/plain \
  /src/dist/runts run --bundle /home/plain plain 2>&1)
equal 'an ordinary user without a cgroup has an empty folder (CVE-2023-25809)' 'entries: *' "$(grep entries: <<<"$output")"
equal 'that cannot be written' 1 "$(grep -c 'y: Read-only file system' <<<"$output")"

# Overlays: Linux 6.1 takes a page of options, in mount(2) alone.
# layers COUNT LENGTH: lowerdir of so many directories
layers() {
  local name list='' names=()
  for ((i = 0; i < $1; i++)); do
    printf -v name '/srv/layers/%0*d' "$2" "$i"
    names+=("$name/$i")
    list+=":$name"
  done
  mkdir -p "${names[@]}"
  echo "lowerdir=${list#:}"
}
overlay() { # NAME OPTION: how many files the overlay shows
  make_bundle "/root/$1" "config.process.args = ['sh', '-c', 'set -- /o/*; echo \$#; pwd'];
    config.mounts.push({destination: '/o', type: 'overlay', source: 'overlay', options: ['$2']});"
  runts run --bundle "/root/$1" "$1" 2>&1 | head -n 2 | xargs
}
equal '20 layers fit in a page' '20 /' "$(overlay few "$(layers 20 100)")"
equal '45 do when told from their common directory' '45 /' "$(overlay more "$(layers 45 85)")"
output=$(overlay many "$(layers 200 100)")
equal '200 are an error that says what is missing' 1 \
  "$(grep -c 'config.json#/mounts/[0-9]*/options: are [0-9]* bytes, more than the page of 4095 .*Linux 6.13 .*this is 6.1' <<<"$output")"

# Idmapped mounts of ext4, which this kernel has; not of tmpfs.
mkdir -p /srv/volume && touch /srv/volume/file && chown 5:6 /srv/volume/file
maps="uidMappings: [{containerID: 0, hostID: 1000, size: 10}], gidMappings: [{containerID: 0, hostID: 2000, size: 10}]"
make_bundle /root/idmap "config.process.args = ['stat', '-c', '%u:%g', '/m/file'];
  config.mounts.push({destination: '/m', type: 'bind', source: '/srv/volume', options: ['bind', 'idmap'], $maps});"
ln -sf busybox /root/idmap/rootfs/bin/stat
equal 'an idmapped mount of ext4' 1005:2006 "$(runts run --bundle /root/idmap idmap 2>&1)"
make_bundle /root/tmpfs "config.mounts.push({destination: '/m', type: 'tmpfs', options: ['idmap'], $maps});"
equal 'of tmpfs it is an error' 1 \
  "$(runts run --bundle /root/tmpfs tmpfs 2>&1 | grep -c 'map the ids of the mount (idmap): EINVAL .*this filesystem cannot be idmapped')"

equal 'no container is left' '' "$(runts list -q)"
finish
