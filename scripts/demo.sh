#!/bin/bash
# demo.sh: a container's life from `spec` to `delete`, with busybox, in a temporary directory that goes away again.
set -euo pipefail
cd "$(dirname "$0")/.."
project=$PWD
[ "$(id -u)" = 0 ] || { echo 'demo: it makes a container, so it needs root; run: sudo make demo' >&2; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/runts-demo.XXXXXX")
runts() { "$project/dist/runts" --root "$work/state" "$@"; }
cleanup() {
  runts delete --force demo >/dev/null 2>&1 || :
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
say() { printf '\033[1m$ %s\033[m\n' "$*"; }
[ -t 1 ] || say() { echo "\$ $*"; }

# A root filesystem of one static program and its links, and the script that will run in it.
mkdir -p "$work/bundle/rootfs/bin"
cd "$work/bundle"
cp /bin/busybox rootfs/bin/
for name in sh cat hostname id tr cut; do ln -s busybox "rootfs/bin/$name"; done
cat >rootfs/hello <<'EOF'
#!/bin/sh
echo "  hostname:     $(hostname)"
echo "  PID 1:        $(tr '\0' ' ' </proc/1/cmdline)"
echo "  uid:          $(id -u)"
echo "  mounts:       $(cut -d' ' -f2 /proc/self/mounts | tr '\n' ' ' | cut -c1-100)..."
echo "  memory limit: $(cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null) bytes"
EOF
chmod 755 rootfs/hello

say runts spec
runts spec
"$project/dist/node" - <<'EOF'
const fs = require('node:fs');
const config = JSON.parse(fs.readFileSync('config.json', 'utf8'));
config.hostname = 'demo';
config.process.terminal = false;
config.process.args = ['/hello'];
config.linux.resources.memory = {limit: 64 * 1024 * 1024};
config.linux.cgroupsPath = '/runts-demo';
// The container's own cgroups, to read the limit from.
config.mounts = config.mounts.filter((mount) => mount.destination !== '/sys/fs/cgroup');
const options = ['nosuid', 'noexec', 'nodev', 'ro'];
config.mounts.push({destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options});
fs.writeFileSync('config.json', JSON.stringify(config));
EOF
echo '  (into config.json: hostname demo, args /hello, memory limit 64 MiB)'

status() { runts state demo | grep -E '"(id|pid|status)"'; }
say runts create demo
runts create demo
say 'runts state demo'
status
say runts start demo
runts start demo
for ((tries = 0; tries < 100; tries++)); do
  runts state demo | grep -q '"stopped"' && break
  sleep 0.05
done
say 'runts state demo'
status
say runts delete demo
runts delete demo

say runts run demo
runts run demo
say runts list
runts list
