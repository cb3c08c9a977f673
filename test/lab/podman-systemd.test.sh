#!/bin/bash
# Podman with its systemd cgroup manager as root (and, with `as`, as an ordinary user): run, limits, exec, update, pause, stats, stop, a pod.
# lab: --init systemd
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"
as=("${as[@]}")
slice=${slice:-/machine.slice} prefix=${prefix:-machine}

make_bundle /var/tmp/image
tar -C /var/tmp/image/rootfs -cf /var/tmp/busybox.tar .
rm -f /tmp/check.log
"${as[@]}" bash /src/test/lab/podman-life.sh /src/dist/runts >/tmp/runts.facts
equal 'the life of a container and of a pod' "run in: $slice/libpod-ID.scope
where the process is, too: 1
  kernel: 67108864 50000 100000 20
  systemd: 500ms 67108864 20
cpu.weight: 59
exec: 1 cgroup, 0
update
  kernel: 33554432 25000 100000 20
  systemd: 250ms 33554432 20
pause: frozen 1 paused
unpause: frozen 0
stats: 2 processes, memory/ 67.11MB
stop: exited 7
its unit: 
started again, in: active
a pod, in: $slice/$prefix-libpod_pod_POD.slice/libpod-ID.scope
  its memory, the container's pids: 134217728 9
units left: 
cgroups left: 
state left: " "$(cat /tmp/runts.facts)"
# The same under runc, for the reader.
"${as[@]}" bash /src/test/lab/podman-life.sh runc 2>&1 | sed 's/^/        runc: /'
finish
