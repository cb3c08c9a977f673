#!/bin/bash
# The systemd cgroup driver for root on cgroup v2: names, properties and kernel values, the life of a container, what is left.
# lab: --init systemd
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"
disk=98:0
# properties UNIT PROPERTY...: one line for each, as systemctl shows them
properties() { systemctl show "$1" $(printf -- '-p %s ' "${@:2}") | sort; }
# scope_of ID: the cgroup of its first process
scope_of() { sed -n 's/^0:://p' "/proc/$(runts state "$1" | jq .pid)/cgroup"; }
no_unit() { [ -z "$(systemctl list-units --all --plain --no-legend "$1")" ]; }

# ---- every resource: unit property and kernel value
make_bundle /root/all "
  config.process.args = ['sleep', '100'];
  config.linux.cgroupsPath = 'labtest-a.slice:runts:all';
  config.annotations = {'org.systemd.property.TimeoutStopSec': '7', 'org.systemd.property.RuntimeMaxUSec': 'uint64 900000000'};
  config.linux.resources = {
    ...config.linux.resources,
    memory: {limit: 67108864, swap: 100663296, reservation: 33554432},
    cpu: {shares: 512, quota: 25001, period: 50000, burst: 1000},
    pids: {limit: 99},
    blockIO: {
      throttleReadBpsDevice: [{major: 98, minor: 0, rate: 1048576}],
      throttleWriteBpsDevice: [{major: 98, minor: 0, rate: 2097152}],
      throttleReadIOPSDevice: [{major: 98, minor: 0, rate: 300}],
      throttleWriteIOPSDevice: [{major: 98, minor: 0, rate: 400}],
    },
    unified: {'memory.high': '50331648', 'memory.min': '1048576', 'cgroup.max.depth': '5'},
  };
"
names='MemoryMax MemorySwapMax MemoryLow MemoryHigh MemoryMin CPUWeight CPUQuotaPerSecUSec CPUQuotaPeriodUSec TasksMax
  IOReadBandwidthMax IOWriteBandwidthMax IOReadIOPSMax IOWriteIOPSMax Slice Delegate DefaultDependencies CollectMode Transient
  DevicePolicy TimeoutStopUSec RuntimeMaxUSec CPUAccounting MemoryAccounting IOAccounting TasksAccounting'
files='memory.max memory.swap.max memory.low memory.high memory.min cpu.weight cpu.max cpu.max.burst pids.max io.max cgroup.max.depth'
cgroup=/sys/fs/cgroup/labtest.slice/labtest-a.slice/runts-all.scope
check 'create of a config with every limit' runts --systemd-cgroup create --bundle /root/all all
# shellcheck disable=SC2086
equal 'every limit is a property of the unit' "CPUAccounting=yes
CPUQuotaPerSecUSec=510ms
CPUQuotaPeriodUSec=50ms
CPUWeight=59
CollectMode=inactive-or-failed
DefaultDependencies=no
Delegate=yes
DevicePolicy=auto
IOAccounting=yes
IOReadBandwidthMax=/dev/block/98:0 1048576
IOReadIOPSMax=/dev/block/98:0 300
IOWriteBandwidthMax=/dev/block/98:0 2097152
IOWriteIOPSMax=/dev/block/98:0 400
MemoryAccounting=yes
MemoryHigh=50331648
MemoryLow=33554432
MemoryMax=67108864
MemoryMin=1048576
MemorySwapMax=33554432
RuntimeMaxUSec=15min
Slice=labtest-a.slice
TasksAccounting=yes
TasksMax=99
TimeoutStopUSec=7s
Transient=yes" "$(properties runts-all.scope $names)"
# shellcheck disable=SC2086
equal 'every limit is in force, to the microsecond' "memory.max: 67108864
memory.swap.max: 33554432
memory.low: 33554432
memory.high: 50331648
memory.min: 1048576
cpu.weight: 59
cpu.max: 25001 50000
cpu.max.burst: 1000
pids.max: 99
io.max: $disk rbps=1048576 wbps=2097152 riops=300 wiops=400
cgroup.max.depth: 5" "$(values "$cgroup" $files)"
equal 'the only device program is that of runts' runts_devices "$(bpftool cgroup show "$cgroup" 2>/dev/null | awk '/cgroup_device/ {print $NF}')"
check 'delete' runts delete --force all
# The same config under runc, for the reader.
as_old /root/all
jq 'del(.linux.resources.cpu.burst)' /root/all/config.json >/tmp/config && cp /tmp/config /root/all/config.json
if runc --systemd-cgroup create --bundle /root/all other >/tmp/other.log 2>&1 </dev/null; then
  # shellcheck disable=SC2086
  { properties runts-all.scope $names; values "$cgroup" $files; } | sed 's/^/        runc: /'
else
  sed 's/^/        runc: /' /tmp/other.log
fi
runc delete --force other >/dev/null 2>&1
systemctl stop labtest.slice

# ---- names
make_bundle /root/names "config.process.args = ['sleep', '100']; delete config.linux.cgroupsPath;"
for case in '=/system.slice/runts-names.scope' ':p:n=/system.slice/p-n.scope' '::n=/system.slice/-n.scope' '-.slice:p:n=/p-n.scope' \
  'labtest-b-c.slice:p:n=/labtest.slice/labtest-b.slice/labtest-b-c.slice/p-n.scope'; do
  limit_bundle /root/names '{}' "${case%%=*}"
  runts --systemd-cgroup run --detach --bundle /root/names names </dev/null
  equal "cgroupsPath '${case%%=*}'" "${case#*=}" "$(scope_of names)"
  runts delete --force names
done
limit_bundle /root/names '{}' /a/b
refused 'a path of cgroupfs is refused as in runc' 'expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got "/a/b" instead' \
  runts --systemd-cgroup create --bundle /root/names names
equal 'slices that were there for a scope alone are gone' '' "$(systemctl list-units --all --plain --no-legend 'labtest*')"
limit_bundle /root/names '{}' 'labtest-kept.slice:p:n'
systemctl set-property --runtime labtest-kept.slice TasksMax=1000 && systemctl start labtest-kept.slice
runts --systemd-cgroup run --detach --bundle /root/names names </dev/null
runts delete --force names
equal 'a slice that is configured is kept' active "$(systemctl is-active labtest-kept.slice)"
systemctl stop labtest.slice; rm -rf /run/systemd/system.control/labtest-kept.slice.d; systemctl daemon-reload

# ---- a life
make_bundle /root/life "
  config.process.args = ['sleep', '1000'];
  config.linux.cgroupsPath = 'system.slice:runts:life';
  config.linux.devices = [{path: '/dev/fuse', type: 'c', major: 10, minor: 229}, {path: '/dev/loop', type: 'c', major: 10, minor: 237}];
  config.linux.resources.devices = [{allow: false, access: 'rwm'}, {allow: true, type: 'c', major: 10, minor: 229, access: 'r'}];
"
scope=/sys/fs/cgroup/system.slice/runts-life.scope
check 'run' runts --systemd-cgroup run --detach --bundle /root/life life </dev/null
equal 'exec goes into the scope' 0::/system.slice/runts-life.scope \
  "$(runts exec --detach --pid-file /tmp/pid life sleep 100 >/dev/null && cat "/proc/$(cat /tmp/pid)/cgroup")"
mkdir $scope/below
equal 'exec goes into a cgroup below' 0::/system.slice/runts-life.scope/below \
  "$(runts exec --cgroup below --detach --pid-file /tmp/pid life sleep 100 >/dev/null && cat "/proc/$(cat /tmp/pid)/cgroup")"
equal 'ps knows all of them' 3 "$(runts ps --format json life | jq length)"
check 'pause' runts pause life
equal 'is paused' paused "$(runts state life | jq -r .status)"
check 'resume' runts resume life
equal 'events' 3 "$(runts events --stats life | jq .data.pids.current)"
check 'update of everything at once' runts update --resources - life <<<'{"memory": {"limit": 67108864, "swap": 67108864}, "cpu": {"shares": 1024, "quota": 30300, "period": 100000}, "pids": {"limit": 50}}'
equal 'update reaches the unit' 'CPUQuotaPerSecUSec=310ms CPUWeight=100 MemoryMax=67108864 MemorySwapMax=0 TasksMax=50' \
  "$(properties runts-life.scope MemoryMax MemorySwapMax CPUWeight CPUQuotaPerSecUSec TasksMax | paste -sd ' ')"
equal 'update reaches the kernel' '67108864 0 100 30300 100000 50' \
  "$(cd $scope && cat memory.max memory.swap.max cpu.weight cpu.max pids.max | paste -sd ' ')"
check 'update of a period alone' runts update --cpu-period 50000 life
equal 'the quota is kept in the unit, too' 'CPUQuotaPerSecUSec=610ms CPUQuotaPeriodUSec=50ms 30300 50000' \
  "$(properties runts-life.scope CPUQuotaPerSecUSec CPUQuotaPeriodUSec | paste -sd ' ') $(cat $scope/cpu.max)"
refused 'what the kernel refuses is an error' 'memory.high' runts update --resources - life <<<'{"pids": {"limit": 7}, "unified": {"memory.high": "lots"}}'
equal 'after which unit and kernel are as they were' 'TasksMax=50 50' "$(properties runts-life.scope TasksMax) $(cat $scope/pids.max)"
can() { runts exec life sh -c ": $1" >/dev/null 2>&1 && echo yes || echo no; }
devices() { echo "fuse: $(can '</dev/fuse'), for writing: $(can '>/dev/fuse'), loop-control: $(can '</dev/loop')"; }
before=$(devices)
equal 'devices are those that are allowed' 'fuse: yes, for writing: no, loop-control: no' "$before"
systemctl daemon-reload && systemctl set-property --runtime runts-life.scope TasksMax=60 MemoryMax=60M
equal 'and the same when systemd has written everything anew' "$before" "$(devices)"
equal 'limits, too, but that a CPU quota is whole percents then' '30500 50000' "$(cat $scope/cpu.max)"
check 'kill' runts kill life KILL
eventually 'the first process ends' status_is life stopped
check 'delete' runts delete life
check 'no unit is left' no_unit 'runts-life*'
equal 'no cgroup is left' '' "$(find /sys/fs/cgroup -path '*runts-life*')"

# ---- what goes wrong
limit_bundle /root/names '{}' 'system.slice:runts:wrong'
jq '.process.args = ["/none"]' /root/names/config.json >/tmp/config && cp /tmp/config /root/names/config.json
refused 'a program that is not there' 'none' runts --systemd-cgroup run --bundle /root/names wrong </dev/null
check 'leaves no unit' no_unit 'runts-wrong*'
jq '.process.args = ["sleep", "100"] | .annotations = {"org.systemd.property.NoSuchThing": "5"}' /root/names/config.json >/tmp/config && cp /tmp/config /root/names/config.json
refused 'a property that systemd does not know' 'unable to start unit "runts-wrong.scope": .*NoSuchThing' \
  runts --systemd-cgroup create --bundle /root/names wrong
jq 'del(.annotations)' /root/names/config.json >/tmp/config && cp /tmp/config /root/names/config.json
runts --systemd-cgroup create --bundle /root/names first
refused 'a scope that has processes' "container's cgroup is not empty" runts --systemd-cgroup create --bundle /root/names second
equal 'which goes on' created "$(runts state first | jq -r .status)"
runts delete --force first
# A failed unit of that name is in nobody's way.
systemd-run --quiet --scope --unit=runts-wrong.scope --property=RuntimeMaxSec=1 sleep 3; systemctl list-units --all --plain --no-legend 'runts-wrong*'
check 'a unit of that name that has failed is in nobody'"'"'s way' runts --systemd-cgroup create --bundle /root/names wrong
kill -9 "$(runts state wrong | jq .pid)"
check 'the scope of a killed process is gone' runts delete wrong
check 'and its unit' no_unit 'runts-wrong*'
limit_bundle /root/names '{"memory": {"limit": 16777216, "swap": 16777216}}' 'system.slice:runts:oom'
jq '.process.args = ["sh", "-c", "x=0; while :; do x=$x$x; done"]' /root/names/config.json >/tmp/config && cp /tmp/config /root/names/config.json
equal 'OOM in the scope ends the program' 137 "$(runts --systemd-cgroup run --bundle /root/names oom </dev/null >/dev/null 2>&1; echo $?)"
check 'a scope that has failed leaves no unit' no_unit 'runts-oom*'

# kill -9 at several moments: delete --force finds all of it.
jq '.process.args = ["sleep", "100"]' /root/names/config.json >/tmp/config && cp /tmp/config /root/names/config.json
for delay in 0.3 0.5 0.7 0.9; do
  runts --systemd-cgroup create --bundle /root/names cut </dev/null >/dev/null 2>&1 & pid=$!
  sleep $delay; kill -9 $pid; wait $pid 2>/dev/null
  runts delete --force cut
done
check 'kill -9 of create: delete --force leaves no unit' no_unit 'runts-oom*'

# ---- no way to systemd, and a bus that hangs
dbus=$(systemctl show -p MainPID --value dbus.service)
mv /run/systemd/private /run/systemd/private.away
limit_bundle /root/names '{}' 'system.slice:runts:bus'
check 'without its own socket: over the bus' runts --systemd-cgroup create --bundle /root/names bus
kill -STOP "$dbus"
SECONDS=0
refused 'create with a bus that is stopped' 'has not answered within 30 s, asked for a connection: is it stopped' \
  runts --systemd-cgroup create --bundle /root/names hung
check 'delete --force with a bus that is stopped' runts delete --force bus
equal 'all within their deadlines' yes "$([ $SECONDS -lt 90 ] && echo yes || echo $SECONDS)"
kill -CONT "$dbus"
mv /run/systemd/private.away /run/systemd/private
eventually 'systemd lets go of the unit by itself' no_unit 'runts-bus*'

nothing_left labtest
finish
