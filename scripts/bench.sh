#!/bin/bash
# bench.sh OPTION...: the benchmark (bench/main.ts has the options), as root.
# On a hybrid host crun 1 refuses to run when cgroup v2 has controllers. There all runtimes are measured with a cgroup v1
# host's view: in a mount namespace that lacks the v2 hierarchy.
set -euo pipefail
cd "$(dirname "$0")/.."
hybrid=/sys/fs/cgroup/unified
command=(node_modules/.bin/node bench/main.ts "$@")
if grep -qs . "$hybrid/cgroup.controllers"; then
  exec unshare --mount sh -c "umount $hybrid && exec \"\$@\"" sh "${command[@]}"
fi
exec "${command[@]}"
