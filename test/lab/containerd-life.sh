# shellcheck shell=bash disable=SC2016
# containerd-life.sh RUNTIME: the life of a container under containerd with SystemdCgroup, told on stdout without pids and times.
set -u
runtime=$1
c() { ctr --namespace lab "$@" </dev/null 2>&1; }
run() { c run --runc-binary "$runtime" --runc-systemd-cgroup --env PATH=/bin --rootfs "$@"; }
tell() { printf '%s: %s\n' "$1" "$(paste -sd ' ' <<<"$2")"; }
status() { c tasks ls | awk '$1 == "one" {print $3}'; }
await() { for ((i = 0; i < 100; i++)); do [ "$(status)" != "$1" ] || return 0; sleep 0.1; done; echo "not $1: $(status)"; }

limits=(--memory-limit 67108864 --cpus 0.5)
unit=ctr-one.scope
run --cgroup labtest-ctr.slice:ctr:one --detach "${limits[@]}" /var/tmp/image/rootfs one sh -c 'trap "exit 7" TERM; sleep 1000 & wait' || exit
pid=$(c tasks ls | awk '$1 == "one" {print $2}')
path=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
cgroup=/sys/fs/cgroup$path
tell 'run in' "$path"
tell 'kernel' "$(cd "$cgroup" && cat memory.max cpu.max)"
tell 'systemd' "$(systemctl show -p MemoryMax -p CPUQuotaPerSecUSec -p Delegate -p Slice --value $unit)"
c tasks exec --exec-id id one sh -c 'echo exec: $(id -u)'
c tasks exec --exec-id fails one sh -c 'exit 3'; tell 'exit code of exec' $?
c tasks exec --detach --exec-id more one sleep 1000
tell 'processes' "$(wc -l <"$cgroup/cgroup.procs") $(c tasks ps one | grep -c '^[0-9]')"
c tasks pause one; tell pause "$(grep frozen "$cgroup/cgroup.events") $(status)"
c tasks resume one; tell resume "$(grep frozen "$cgroup/cgroup.events") $(status)"
tell 'metrics' "$(c tasks metrics one | awk '$1 == "pids.current" || $1 == "memory.usage_limit" {print $1, $2}')"
c tasks kill --signal SIGKILL --exec-id more one; c tasks kill one; await STOPPED
tell 'kill' "$(c tasks delete one | grep -o 'exit code .*[0-9]')"
c containers delete one
run --cgroup :ctr:two --rm /var/tmp/image/rootfs two true; tell 'in the foreground, in the default slice' $?
run --cgroup system.slice:ctr:oom --rm --memory-limit 16777216 /var/tmp/image/rootfs oom sh -c 'x=0; while :; do x=$x$x; done' >/dev/null; tell 'out of memory' $?
tell 'a program that is not there' "$(run --cgroup system.slice:ctr:bad /var/tmp/image/rootfs bad /none | grep -o 'no such file or directory')"
c containers delete bad
run --cgroup system.slice:ctr:gone --detach /var/tmp/image/rootfs one sleep 1000 && c tasks delete --force one >/dev/null; c containers delete one

tell 'units left' "$(systemctl list-units --all --plain --no-legend 'ctr-*' 'labtest*')"
tell 'cgroups left' "$(find /sys/fs/cgroup -type d -path '*ctr*')"
tell 'state left' "$(find /run/containerd -path '*/lab/*' | grep -v seccomp@)"
