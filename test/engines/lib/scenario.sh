# shellcheck shell=bash
# Sourced: what scenarios are written with. RUNTIME is the path of the runtime, RUNTIME_NAME runc or runts, WORK a directory for this
# engine and runtime, IMAGES where the images are, SCENARIO the name of this one. A scenario fails when any command of it does (set -e), and its stdout is its
# result: it must be the same with both runtimes, so no ids, times or pids.

# fail WORDS...
fail() {
  echo "$*" >&2
  exit 1
}
# skip WORDS...: why this machine cannot show it
skip() {
  echo "$*" >&2
  exit 77
}
# equal EXPECTED ACTUAL
equal() { [ "$1" = "$2" ] || fail "expected '$1', got '$2'"; }
# matches REGEX TEXT
matches() { [[ $2 =~ $1 ]] || fail "expected a match of '$1', got '$2'"; }
# ends_with CODE COMMAND...: its exit code; its output goes where ours does
ends_with() {
  local code=0
  "${@:2}" || code=$?
  equal "$1" "$code"
}
# says WORDS COMMAND...: it fails, with these words on stderr or stdout
says() {
  local said
  if said=$("${@:2}" 2>&1); then fail "succeeded: ${*:2}"; fi
  [[ $said == *"$1"* ]] || fail "expected '$1' in '$said'"
}
# both COMMAND...: its stdout and stderr, and its exit code as the last line
both() {
  local code=0
  "$@" 2>&1 || code=$?
  echo "exit code $code"
}
# eventually COMMAND...: it succeeds within 20 seconds
eventually() {
  local i
  for ((i = 0; i < 200; i++)); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  "$@" || fail "still not after 20 seconds: $*"
}
# on_terminal COMMAND...: with a terminal for its three streams, and nothing to read; carriage returns are taken out
on_terminal() {
  local command input
  printf -v command '%q ' "$@"
  [ -e "$WORK/tmp/nothing" ] || mkfifo "$WORK/tmp/nothing"
  exec {input}<>"$WORK/tmp/nothing"
  script --quiet --return --command "$command" /dev/null <&"$input" | tr -d '\r'
}
# cgroup_file PID CONTROLLER FILE [FILE_OF_V2]: the content of a file in the cgroup of a process
cgroup_file() {
  local path
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    path=$(sed -n 's/^0:://p' "/proc/$1/cgroup")
    cat "/sys/fs/cgroup$path/${4:-$3}"
  else
    path=$(sed -nE "s/^[0-9]+:([^:]*,)?$2(,[^:]*)?://p" "/proc/$1/cgroup")
    cat "/sys/fs/cgroup/$2$path/$3"
  fi
}
# daemon NAME COMMAND...: starts it with its log in $WORK/NAME.log; its pid is in $WORK/NAME.pid
daemon() {
  "${@:2}" >>"$WORK/$1.log" 2>&1 </dev/null &
  echo $! >"$WORK/$1.pid"
}
# stop_daemon NAME [SIGNAL]: and waits for its end (it may be another shell's child)
stop_daemon() {
  local pid
  pid=$(cat "$WORK/$1.pid")
  kill "-${2:-TERM}" "$pid"
  eventually gone "$pid"
}
# gone PID: it has ended (or is only waiting to be reaped)
gone() { ! grep -q '^State:.[^Z]' "/proc/$1/status" 2>/dev/null; }
