#!/bin/bash
# A systemd that hangs: PID 1 itself, frozen by its cgroup (nobody can stop it from inside), and that of an ordinary user, stopped. Every command ends
# within its deadline and says so, and what is left goes with `delete --force` when systemd goes on.
# lab: --init systemd
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"

# ---- as root: a bundle for the user, and both of them
if [ -z "${1:-}" ]; then
  make_bundle /home/lab/bundle "
    config.process.args = ['sleep', '1000'];
    config.linux.resources = {memory: {limit: 67108864}, pids: {limit: 20}};
  "
  chown -R lab: /home/lab
  rm -f /tmp/check.log
  as-lab bash "$0" inside || failures=1
  rm -f /tmp/check.log
  bash "$0" inside || failures=1
  finish
fi

work=$(mktemp -d)
if [ "$(id -u)" = 0 ]; then
  who=root
  manager=(systemctl)
  freeze() { echo "$1" >/sys/fs/cgroup/init.scope/cgroup.freeze; }
  hang() { freeze 1; }
  go_on() { freeze 0; }
else
  who=user
  manager=(systemctl --user)
  hang() { pkill -STOP -u lab -x systemd; }
  go_on() { pkill -CONT -u lab -x systemd; }
fi
no_unit() { [ -z "$("${manager[@]}" list-units --all --plain --no-legend "$1")" ]; }
# begin NAME ARGUMENT...: a call of runts in the background; its words, exit code and seconds go into files
begin() {
  (
    SECONDS=0
    runts "${@:2}" </dev/null >"$work/$1.log" 2>&1
    echo "$?" >"$work/$1.rc"
    echo "$SECONDS" >"$work/$1.seconds"
  ) &
}
made() { begin "$1" --systemd-cgroup create --bundle /home/lab/bundle "$1"; }
code() { cat "$work/$1.rc"; }
in_time() { equal "$who: $1 ends within its deadline" yes "$([ "$(cat "$work/$1.seconds")" -le "$2" ] && echo yes || cat "$work/$1.seconds")"; }
hung='has not answered within 30 s'

check "$who: run" runts --systemd-cgroup run --detach --bundle /home/lab/bundle up </dev/null
check 'create' runts --systemd-cgroup create --bundle /home/lab/bundle gone </dev/null
check 'and another' runts --systemd-cgroup run --detach --bundle /home/lab/bundle calm </dev/null
cgroup=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(runts state up | jq .pid)/cgroup")
# Each is in another phase when systemd hangs.
for i in 1 2 3; do
  made "early$i"
  sleep 0.4
done
hang
made late
begin update update --memory 32m up
begin delete delete --force gone
check "$who: exec does not need systemd" runts exec calm true </dev/null
check 'nor does pause' runts pause calm
check 'nor does resume' runts resume calm
wait
for i in early1 early2 early3 late; do
  in_time $i 60
  if [ "$(code $i)" = 0 ] && [ $i != late ]; then
    equal "$who: $i had been through" created "$(runts state $i | jq -r .status)"
  else
    equal "$who: $i ends with an error" 1 "$(grep -c "level=error.*$hung" "$work/$i.log")"
  fi
done
in_time update 60
equal "$who: update ends with an error" 1 "$(grep -c "level=error.*$hung" "$work/update.log")"
equal 'and the limit is as it was' 67108864 "$(cat "$cgroup/memory.max")"
in_time delete 60
equal "$who: delete --force ends the processes all the same" '0 1' "$(code delete) $(runts state gone >/dev/null 2>&1; echo $?)"
head -n 3 "$work"/*.log | grep . | sed 's/^/        /'
go_on
for i in early1 early2 early3 late up calm; do runts delete --force $i; done
eventually "$who: when systemd goes on nothing is left of them" no_unit 'runts-*.scope'
equal 'no cgroup is left' '' "$(find /sys/fs/cgroup -type d -path '*runts-*.scope*' ! -path '*run-r*')"
equal 'no container is left' '' "$(runts list -q)"
equal 'no runts-init is left' '' "$(pgrep -x runts-init)"
rm -r "$work"
finish
