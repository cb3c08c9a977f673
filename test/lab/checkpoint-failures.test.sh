#!/bin/bash
# checkpoint and restore with criu: failures, and images of and for runc.
# lab: --kernel qemu
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"
# shellcheck source=test/lab/checkpoints.sh
. "$(dirname "$0")/checkpoints.sh"

# ---- failures
make_bundle /root/link "
  config.process.args = ['sh', '-c', 'exec 3>/a; /bin/busybox ln -f /a /b; /bin/busybox rm /a; exec sleep 1000'];
  config.linux.cgroupsPath = '/lab-test/link';
"
check 'run succeeds' detached runts run --detach --bundle /root/link link
sleep 1
refused 'what criu will not save is told in its words' 'criu failed: type DUMP errno [0-9]+.*: Error .criu/.*link-remap option' \
  runts checkpoint $(saved link) link
refused 'with its log' 'log file: /root/logs/link/dump.log' runts checkpoint $(saved link) link
equal 'the container goes on' running "$(runts state link | jq -r .status)"
check 'checkpoint with --link-remap succeeds' runts checkpoint --link-remap $(saved link) link
mkdir /root/images/broken && cp /root/images/link/* /root/images/broken && rm /root/images/broken/pages-1.img
refused 'a restore that fails is told in the words of criu' 'criu failed: type (RESTORE|NOTIFY) errno .*: Error \(criu/' \
  runts restore --detach --bundle /root/link $(saved broken) link
check 'its log is there' test -s /root/logs/broken/restore.log
nothing_left lab-test
equal 'no criu is left' '' "$(pgrep -x criu)"
equal 'no mount is left' '' "$(grep -e criu-root -e /run/runts /proc/self/mountinfo)"
refused 'no images' '/root/images/none: ENOENT \(no such file or directory\)' runts restore --bundle /root/link $(saved none) link
refused 'no checkpoint' '/root holds no checkpoint of a container' runts restore --bundle /root/link --image-path /root link
check 'restore succeeds with all of it' detached runts restore --detach --bundle /root/link $(saved link) link
equal 'it is running' running "$(runts state link | jq -r .status)"
check 'delete succeeds' runts delete --force link

# ---- runc's images, and images for runc
make_bundle /root/other "$COUNTING config.linux.cgroupsPath = '/lab-test/other';"
as_old /root/other
check 'runc runs' piped /root/out3 runc run --detach --bundle /root/other other
eventually 'it counts' goes_on other 5
check 'runc saves' runc checkpoint $(saved runc) other
last=$(counted other)
check 'runts restores' piped /root/out4 runts restore --detach --bundle /root/other $(saved runc) other
goes_on_soon 'the counting goes on' other
check 'from where it was' goes_on other "$last"
check 'runts saves' runts checkpoint $(saved runts) other
check 'runc restores' piped /root/out5 runc restore --detach --bundle /root/other $(saved runts) other
goes_on_soon 'the counting goes on' other
check 'runc deletes' runc delete --force other

rmdir /sys/fs/cgroup/lab-test 2>/dev/null
nothing_left lab-test
finish
