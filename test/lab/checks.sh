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
# refused CLAIM REGEX COMMAND...: the command fails, and says so
refused() {
  local said
  if said=$("${@:3}" 2>&1); then said="succeeded: $said"; else said=${said//\\/}; fi
  grep -qE "$2" <<<"$said" && said=$2
  equal "$1" "$2" "$said"
}
# eventually CLAIM COMMAND...: the command succeeds within ten seconds
eventually() {
  for ((i = 0; i < 100; i++)); do
    "${@:2}" >/dev/null 2>&1 && break
    sleep 0.1
  done
  check "$@"
}
# is FILE TEXT: for `eventually`
is() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }
status_is() { [ "$(runts state "$1" | jq -r .status)" = "$2" ]; }
# values DIRECTORY FILE...: one line for each, "FILE: its lines with ; between"
values() {
  local file
  for file in "${@:2}"; do echo "$file: $(paste -sd ';' "$1/$file" 2>&1)"; done
}
# what_others_do BUNDLE DIRECTORY FILE...: the same config under runc and crun, for the reader; nothing is asserted.
what_others_do() {
  local runtime
  as_old "$1"
  for runtime in runc crun; do
    if "$runtime" create --bundle "$1" other >/tmp/other.log 2>&1; then
      values "$2" "${@:3}" | sed "s/^/        $runtime: /"
    else
      sed "s/^/        $runtime: /" /tmp/other.log
    fi
    "$runtime" delete --force other >/dev/null 2>&1
    rmdir "$2" 2>/dev/null
  done
}
# as_old BUNDLE: marks its config as one that the runtimes of Debian 12 know the version of
as_old() {
  local config
  config=$(jq '.ociVersion = "1.0.2"' "$1/config.json") && echo "$config" >"$1/config.json"
}
# limit_bundle FOLDER RESOURCES [CGROUPSPATH]: changes an existing bundle; without node, so quick. RESOURCES is JSON.
limit_bundle() {
  local config
  config=$(jq --argjson resources "$2" --arg path "${3:-}" '.linux.resources = $resources |
    if $path == "" then . else .linux.cgroupsPath = $path end' "$1/config.json") && echo "$config" >"$1/config.json"
}
# finish: the last line of a script
finish() { exit $((failures > 0)); }

# make_bundle FOLDER [JAVASCRIPT]: a busybox bundle with the config of `runts spec`, changed by statements over `config`.
make_bundle() {
  mkdir -p "$1/rootfs/bin"
  cp /bin/busybox "$1/rootfs/bin/busybox"
  local name
  for name in sh cat mknod sleep echo true grep mkdir dd fallocate; do ln -sf busybox "$1/rootfs/bin/$name"; done
  # Each start of node takes half a second in a busy guest: `runts spec` only once.
  [ -e /root/config.json ] || runts spec --bundle /root
  cp /root/config.json "$1/config.json"
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
