# shellcheck shell=bash
# Sourced: a cgroup in each hierarchy of the host, which becomes the root of the hierarchies in a world.

# hierarchies: mount points below /sys/fs/cgroup, one a line
hierarchies() { awk '$5 ~ "^/sys/fs/cgroup" && / - cgroup2? / {print $5}' /proc/self/mountinfo; }

make_cgroups() {
  local hierarchy file
  for hierarchy in $(hierarchies); do
    mkdir "$hierarchy/$1"
    # A cpuset of v1 begins empty.
    [ -e "$hierarchy/cgroup.clone_children" ] || continue
    for file in cpuset.cpus cpuset.mems; do
      [ ! -e "$hierarchy/$file" ] || cat "$hierarchy/$file" >"$hierarchy/$1/$file"
    done
  done
}
# enter_cgroups NAME: moves this process (a subshell, which is not $$)
enter_cgroups() {
  local hierarchy
  for hierarchy in $(hierarchies); do echo "$BASHPID" >"$hierarchy/$1/cgroup.procs"; done
}
remove_cgroups() {
  local hierarchy
  for hierarchy in $(hierarchies); do
    [ ! -d "$hierarchy/$1" ] || find "$hierarchy/$1" -depth -type d -exec rmdir {} +
  done
}
# mount_cgroups: inside of the cgroup namespace, the same hierarchies anew
mount_cgroups() {
  local place type options controllers mount mounts
  mapfile -t mounts < <(awk '$5 ~ "^/sys/fs/cgroup" {for (i = 7; $i != "-"; i++); print $5, $(i + 1), $(i + 3)}' /proc/self/mountinfo)
  mount -t sysfs sysfs /sys
  for mount in "${mounts[@]}"; do
    read -r place type options <<<"$mount"
    mkdir -p "$place"
    controllers=$(sed -E 's/^r[ow],?//; s/(^|,)(xattr|clone_children|release_agent=[^,]*|nsdelegate|memory_recursiveprot)//g; s/^name=/none,name=/' <<<"$options")
    case $type in
      tmpfs) mount -t tmpfs -o mode=755 tmpfs "$place" ;;
      cgroup) mount -t cgroup -o "$controllers" cgroup "$place" ;;
      cgroup2) mount -t cgroup2 cgroup2 "$place" ;;
    esac
  done
  [ ! -e /sys/fs/cgroup/cgroup.controllers ] || delegate_cgroups
}
# delegate_cgroups: v2 alone. No process may be where controllers are passed down.
delegate_cgroups() {
  local controllers
  mkdir /sys/fs/cgroup/world
  echo 0 >/sys/fs/cgroup/world/cgroup.procs
  controllers=$(sed 's/\(^\| \)/\1+/g' /sys/fs/cgroup/cgroup.controllers)
  echo "$controllers" >/sys/fs/cgroup/cgroup.subtree_control
}
