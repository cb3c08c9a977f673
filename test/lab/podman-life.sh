# shellcheck shell=bash disable=SC2016
# podman-life.sh RUNTIME: the life of a container and of a pod under Podman with its systemd cgroup manager, as whoever calls it, told on
# stdout without ids, pids and times.
set -u
runtime=$1
if [ "$(id -u)" = 0 ]; then
  manager=(systemctl) above=
else
  manager=(systemctl --user) above=$(systemctl --user show -p ControlGroup --value)
fi
p() { podman --log-level error --cgroup-manager systemd --runtime "$runtime" "$@" 2>&1; }
tell() { printf '%s: %s\n' "$1" "$(paste -sd ' ' <<<"$2")"; }
# limits UNIT CGROUP: what the kernel has, and what systemd
limits() {
  tell '  kernel' "$(cd "$2" && cat memory.max cpu.max pids.max)"
  tell '  systemd' "$("${manager[@]}" show -p MemoryMax -p CPUQuotaPerSecUSec -p TasksMax --value "$1")"
}

podman image exists busybox 2>/dev/null || p import --quiet /var/tmp/busybox.tar busybox >/dev/null || exit

# ---- a container
id=$(p run --detach --name one --network none --memory 64m --cpus 0.5 --pids-limit 20 --cpu-shares 512 busybox \
  sh -c 'trap "exit 7" TERM; sleep 1000 & wait') || { tell run "$id"; exit 1; }
unit=libpod-$id.scope
read -r pid path < <(p inspect -f '{{.State.Pid}} {{.State.CgroupPath}}' one)
cgroup=/sys/fs/cgroup$path
tell 'run in' "${path/$id/ID}"
tell 'where the process is, too' "$(grep -c ":$path\$" "/proc/$pid/cgroup")"
limits "$unit" "$cgroup"
tell 'cpu.weight' "$(cat "$cgroup/cpu.weight")"
p exec one sh -c 'echo exec: $(grep -c . /proc/self/cgroup) cgroup, $(id -u)'
p update --memory 32m --cpus 0.25 one >/dev/null || echo 'update failed'
echo update; limits "$unit" "$cgroup"
p pause one >/dev/null && tell pause "$(grep frozen "$cgroup/cgroup.events") $(p inspect -f '{{.State.Status}}' one)"
p unpause one >/dev/null && tell unpause "$(grep frozen "$cgroup/cgroup.events")"
tell stats "$(p stats --no-stream --format '{{.PIDs}} processes, memory {{.MemUsage}}' one | sed 's/memory [^/]*/memory/')"
p stop --time 20 one >/dev/null && tell stop "$(p inspect -f '{{.State.Status}} {{.State.ExitCode}}' one)"
tell 'its unit' "$("${manager[@]}" list-units --all --plain --no-legend "$unit")"
p start one >/dev/null && tell 'started again, in' "$("${manager[@]}" show -p ActiveState --value "$unit")"
p rm --force --time 0 one >/dev/null || echo 'rm failed'

# ---- a pod: a slice in a slice
pod=$(p pod create --name pod --network none --memory 128m) || { tell 'pod create' "$pod"; exit 1; }
id=$(p run --detach --pod pod --name two --pids-limit 9 busybox sleep 1000) || tell 'run in a pod' "$id"
path=$(p inspect -f '{{.State.CgroupPath}}' two)
tell 'a pod, in' "$(sed "s/$id/ID/; s/$pod/POD/g" <<<"$path")"
tell '  its memory, the container'\''s pids' "$(cat "/sys/fs/cgroup${path%/*}/memory.max" "/sys/fs/cgroup$path/pids.max")"
p pod rm --force --time 0 pod >/dev/null || echo 'pod rm failed'

# ---- what is left; conmon takes a moment to end
for ((i = 0; i < 50; i++)); do
  units=$("${manager[@]}" list-units --all --plain --no-legend '*libpod*')
  cgroups=$(find "/sys/fs/cgroup$above" -name '*libpod*')
  [ -n "$units$cgroups" ] || break
  sleep 0.1
done
tell 'units left' "$units"
tell 'cgroups left' "$cgroups"
tell 'state left' "$(ls "${XDG_RUNTIME_DIR:-/run}/runts" 2>/dev/null | grep -v '^seccomp@')"
