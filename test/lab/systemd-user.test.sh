#!/bin/bash
# The systemd cgroup driver for an ordinary user, over the user's own systemd: limits, update, exec, pause, delete.
# lab: --init systemd
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"

# ---- as root: a bundle for the user, then the rest of this file as the user
if [ "$(id -u)" = 0 ]; then
  install -d -o lab -g lab /home/lab/bundle
  make_bundle /home/lab/bundle
  cd /home/lab/bundle && rm config.json && runts spec --rootless
  jq '.process.terminal = false | .root.readonly = false | .process.args = ["sleep", "1000"] |
    .linux.uidMappings[0].hostID = 1000 | .linux.gidMappings[0].hostID = 1000 |
    .linux.cgroupsPath = "labtest-u.slice:runts:user" |
    .linux.resources = {"memory": {"limit": 67108864}, "pids": {"limit": 20}, "cpu": {"shares": 512, "quota": 25000, "period": 50000}}' \
    config.json >/tmp/config && cp /tmp/config config.json
  chown -R lab: /home/lab/bundle
  rm -f /tmp/config /tmp/check.log
  as-lab bash "$0" inside || failures=1
  # From the session of a login: its cgroup is root's, and the user's systemd can only ask that of the system to move a process.
  user=(setpriv --reuid=1000 --regid=1000 --init-groups --inh-caps=-all -- env HOME=/home/lab XDG_RUNTIME_DIR=/run/user/1000)
  check 'from outside of the user manager: run' "${user[@]}" runts --systemd-cgroup run --detach --bundle /home/lab/bundle outside </dev/null
  check 'exec' "${user[@]}" runts exec outside true
  check 'update' "${user[@]}" runts update --pids-limit 30 outside
  check 'delete' "${user[@]}" runts delete --force outside
  refused 'without XDG_RUNTIME_DIR' 'XDG_RUNTIME_DIR' "${user[@]:0:7}" env -u XDG_RUNTIME_DIR -u DBUS_SESSION_BUS_ADDRESS \
    /src/dist/runts --root /tmp/lab-root --systemd-cgroup create --bundle /home/lab/bundle outside
  equal 'no cgroup is left' '' "$(find /sys/fs/cgroup -path '*runts-*.scope*')"
  finish
fi

# ---- as the user
manager=$(systemctl --user show -p ControlGroup --value)
cgroup=/sys/fs/cgroup$manager/labtest.slice/labtest-u.slice/runts-user.scope
no_unit() { [ -z "$(systemctl --user list-units --all --plain --no-legend "$1")" ]; }
check 'run' runts --systemd-cgroup run --detach --bundle /home/lab/bundle user </dev/null
equal 'is in a scope of the user' "0::${cgroup#/sys/fs/cgroup}" "$(cat "/proc/$(runts state user | jq .pid)/cgroup")"
equal 'limits are in force' '67108864 20 59 25000 50000' "$(cd "$cgroup" && cat memory.max pids.max cpu.weight cpu.max | paste -sd ' ')"
equal 'and the unit has them' 'CPUQuotaPerSecUSec=500ms CPUWeight=59 MemoryMax=67108864 TasksMax=20' \
  "$(systemctl --user show -p MemoryMax -p TasksMax -p CPUWeight -p CPUQuotaPerSecUSec runts-user.scope | sort | paste -sd ' ')"
check 'exec' runts exec user true
check 'pause' runts pause user
check 'resume' runts resume user
check 'update' runts update --memory 32m --pids-limit 30 user
equal 'reaches kernel and unit' '33554432 30 MemoryMax=33554432' \
  "$(cd "$cgroup" && cat memory.max pids.max | paste -sd ' ') $(systemctl --user show -p MemoryMax runts-user.scope)"
equal 'events' 1 "$(runts events --stats user | jq .data.pids.current)"
check 'kill' runts kill user KILL
check 'delete' runts delete --force user
check 'no unit is left' no_unit 'runts-user*'
check 'no slice is left' no_unit 'labtest*'
equal 'no container of the user is left' '' "$(runts list -q)"
finish
