#!/bin/bash
# checkpoint and restore with criu: limits, volumes, hooks, pipes, and memory ahead of the rest.
# lab: --kernel qemu
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"
# shellcheck source=test/lab/checkpoints.sh
. "$(dirname "$0")/checkpoints.sh"

mkdir -p /root/volume/below
echo volume >/root/volume/file
mount -t tmpfs below /root/volume/below && echo below >/root/volume/below/file

# ---- a container with limits, volumes, hooks, standard output to a pipe
cat >/root/hook <<'E2'
#!/bin/sh
echo "$1 $(cat | jq -r '.id + " " + .status')" >>/root/hooks
E2
chmod 755 /root/hook
make_bundle /root/all "$COUNTING
  config.linux.cgroupsPath = '/lab-test/all';
  config.linux.resources.memory = {limit: 67108864};
  config.linux.resources.pids = {limit: 20};
  config.mounts.push({destination: '/volume', type: 'bind', source: '/root/volume', options: ['rbind', 'ro']});
  config.hooks = {prestart: [{path: '/root/hook', args: ['hook', 'prestart']}], poststop: [{path: '/root/hook', args: ['hook', 'poststop']}]};
"
check 'run succeeds' piped /root/out1 runts run --detach --bundle /root/all all
eventually 'it counts' goes_on all 5
check 'checkpoint succeeds' runts checkpoint $(saved all) all
last=$(counted all)
equal 'after which the container is gone' '' "$(runts list -q)"
equal 'and its cgroup' '' "$(find /sys/fs/cgroup -type d -path '*lab-test*')"
equal 'what its standard streams were is beside the images' '["/dev/null","pipe:[","pipe:["]' \
  "$(sed 's/\[[0-9]*\]/[/g' /root/images/all/descriptors.json)"
sleep 0.3
equal 'nothing counts' "$last" "$(counted all)"
check 'restore succeeds' piped /root/out2 runts restore --detach --bundle /root/all --pid-file /root/pid $(saved all) all
goes_on_soon 'the counting goes on' all
check 'from where it was' goes_on all "$last"
eventually 'and into the new pipe' grep -qx "$((last + 2))" /root/out2
check 'which has nothing of before' test "$(head -1 /root/out2)" -ge "$last"
equal 'it is running' running "$(runts state all | jq -r .status)"
equal 'the pid file has its pid' "$(pid_of all)" "$(cat /root/pid)"
equal 'it is in its cgroup' 0::/lab-test/all "$(cat /proc/"$(pid_of all)"/cgroup)"
equal 'with its limits' 'memory.max: 67108864 pids.max: 20' "$(values /sys/fs/cgroup/lab-test/all memory.max pids.max | paste -sd ' ')"
equal 'its volume is there' volume "$(runts exec all cat /volume/file)"
equal 'with what is mounted below' below "$(runts exec all cat /volume/below/file)"
refused 'and read-only' 'Read-only file system' runts exec all sh -c 'echo >/volume/file'
check 'the loopback device is up' test "$(runts exec all cat /sys/class/net/lo/flags)" = 0x9
equal 'no mount is left on the host' '' "$(grep -e criu-root -e /run/runts /proc/self/mountinfo)"
check 'a restored container can be saved, too' runts checkpoint --leave-running $(saved again) all
goes_on_soon 'and goes on when it is left running' all
check 'pause succeeds' runts pause all
check 'a paused one as well' runts checkpoint --leave-running $(saved paused) all
equal 'which stays paused' paused "$(runts state all | jq -r .status)"
check 'resume succeeds' runts resume all
goes_on_soon 'and goes on then' all
refused 'a second one of that name is refused' 'container with given ID already exists' \
  runts restore --detach --bundle /root/all $(saved all) all
check 'delete succeeds' runts delete --force all
equal 'hooks have run' 'prestart all created
poststop all stopped
prestart all created
poststop all stopped' "$(cat /root/hooks)"
nothing_left lab-test

# ---- memory first, the rest later
make_bundle /root/pre "$COUNTING config.linux.cgroupsPath = '/lab-test/pre';"
check 'run succeeds' detached runts run --detach --bundle /root/pre pre
check 'pre-dump succeeds' runts checkpoint --pre-dump --image-path /root/images/pre1 pre
goes_on_soon 'the container goes on' pre
check 'a second one, upon the first' runts checkpoint --pre-dump --parent-path ../pre1 --image-path /root/images/pre2 pre
refused 'a parent that is not there is refused' 'invalid --parent-path: stat /root/images/no: no such file or directory' \
  runts checkpoint --parent-path ../no --image-path /root/images/pre3 pre
refused 'an absolute one too' '^time=.*--parent-path must be relative' \
  runts checkpoint --parent-path /root/images/pre2 --image-path /root/images/pre3 pre
check 'checkpoint succeeds, upon the second' runts checkpoint --parent-path ../pre2 --image-path /root/images/pre3 pre
check 'it refers to it' test "$(readlink /root/images/pre3/parent)" = ../pre2
check 'restore succeeds' detached runts restore --detach --bundle /root/pre --image-path /root/images/pre3 pre
goes_on_soon 'and the counting goes on' pre
check 'delete succeeds' runts delete --force pre

rmdir /sys/fs/cgroup/lab-test 2>/dev/null
nothing_left lab-test
finish
