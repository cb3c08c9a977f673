# shellcheck shell=bash
# For the test scripts of the lab (sourced): checks that print one line each, and a busybox bundle to run.
failures=0
export PATH=/src/dist:$PATH

# equal CLAIM EXPECTED ACTUAL
equal() {
  if [ "$2" = "$3" ]; then
    echo "   ok   $1"
  else
    echo "   FAIL $1: expected '$2', got '$3'"
    failures=$((failures + 1))
  fi
}
# check CLAIM COMMAND...: the command succeeds
check() { equal "$1" 0 "$("${@:2}" >/tmp/check.log 2>&1; echo $?)"; }
# finish: the last line of a script
finish() { exit $((failures > 0)); }

# make_bundle FOLDER [JAVASCRIPT]: a busybox bundle with the config of `runts spec`, changed by statements over `config`.
make_bundle() {
  mkdir -p "$1/rootfs/bin"
  cp /bin/busybox "$1/rootfs/bin/busybox"
  local name
  for name in sh cat mknod sleep echo true; do ln -sf busybox "$1/rootfs/bin/$name"; done
  rm -f "$1/config.json"
  runts spec --bundle "$1"
  node -e '
    const [file, change] = process.argv.slice(1);
    const fs = require("node:fs");
    const config = JSON.parse(fs.readFileSync(file, "utf8"));
    config.process.terminal = false;
    config.root.readonly = false;
    new Function("config", change)(config);
    fs.writeFileSync(file, JSON.stringify(config));
  ' "$1/config.json" "${2:-}"
}

# nothing_left PATTERN: no state, cgroup, mount or process of runts is there any more.
nothing_left() {
  equal 'no container is left' '' "$(runts list -q)"
  equal 'no state directory is left' '' "$(ls /run/runts 2>/dev/null | grep -v '^seccomp@')"
  equal 'no cgroup is left' '' "$(find /sys/fs/cgroup -type d -path "*$1*")"
  equal 'no runts-init is left' '' "$(pgrep -x runts-init)"
}
