# shellcheck shell=bash
# For the tests of checkpoint and restore (sourced): a program that counts, and directories for images and logs.
cd /root || exit 1

COUNTING="config.process.args = ['sh', '-c', 'i=0; while :; do i=\$((i+1)); echo \$i > /count; echo \$i; sleep 0.05; done'];"
# The file is empty for a moment, with each number.
counted() {
  local number=''
  until [ -n "$number" ]; do number=$(cat "/root/$1/rootfs/count"); done
  echo "$number"
}
# goes_on BUNDLE FROM: the number is beyond FROM
goes_on() { [ "$(counted "$1")" -gt "$2" ] 2>/dev/null; }
# goes_on_soon CLAIM BUNDLE: the counting goes on from where it is now, and has not begun anew
goes_on_soon() {
  local from
  from=$(counted "$2")
  eventually "$1" goes_on "$2" "$from"
}
saved() { echo "--image-path /root/images/$1 --work-path /root/logs/$1"; }
pid_of() { runts state "$1" | jq .pid; }
# detached COMMAND...: with nothing of ours for its standard streams
detached() { "$1" --log /root/said "${@:2}" </dev/null >/dev/null 2>&1 || { cat /root/said; return 1; }; }
# piped FILE COMMAND...: with a pipe as standard output and error, which lasts as long as anybody holds it
piped() {
  rm -f /root/code
  { "${@:2}" </dev/null 2>&1; echo $? >/root/code; } | cat >"$1" &
  until [ -s /root/code ]; do sleep 0.1; done
  return "$(cat /root/code)"
}
mkdir -p /root/images /root/logs
