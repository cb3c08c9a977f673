#!/bin/bash
# containerd with SystemdCgroup=true, through its runc v2 shim: run, limits, exec, pause, metrics, kill, delete, OOM.
# lab: --init systemd
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"

make_bundle /var/tmp/image
cat >/tmp/containerd.toml <<END
version = 2
root = "/var/tmp/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
END
containerd --config /tmp/containerd.toml --log-level warn >/tmp/containerd.log 2>&1 & containerd=$!
eventually 'containerd answers' ctr version
bash /src/test/lab/containerd-life.sh /src/dist/runts >/tmp/runts.facts
equal 'the life of a container, as runts lives it' "run in: /labtest.slice/labtest-ctr.slice/ctr-one.scope
kernel: 67108864 50000 100000
systemd: labtest-ctr.slice yes 500ms 67108864
exec: 0
exit code of exec: 3
processes: 3 3
pause: frozen 1 PAUSED
resume: frozen 0 RUNNING
metrics: pids.current 3 memory.usage_limit 67108864
kill: exit code 7
in the foreground, in the default slice: 0
out of memory: 137
a program that is not there: no such file or directory
units left: 
cgroups left: 
state left: " "$(cat /tmp/runts.facts)"
# The same under runc, for the reader: it leaves the slices.
bash /src/test/lab/containerd-life.sh runc 2>&1 | sed 's/^/        runc: /'
kill $containerd
wait $containerd
finish
