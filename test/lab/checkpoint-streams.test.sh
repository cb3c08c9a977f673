#!/bin/bash
# checkpoint and restore with criu: files, the foreground, terminals, a given network namespace.
# lab: --kernel qemu
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"
# shellcheck source=test/lab/checkpoints.sh
. "$(dirname "$0")/checkpoints.sh"

# ---- standard output to a file; and in the foreground
make_bundle /root/front "
  config.process.args = ['sh', '-c', 'echo one; until [ -e /go ]; do sleep 0.05; done; echo two; exit 7'];
  config.linux.cgroupsPath = '/lab-test/front';
"
runts run --detach --bundle /root/front front </dev/null >/root/file 2>&1
eventually 'a container with output to a file speaks' is /root/file one
check 'checkpoint succeeds' runts checkpoint $(saved file) front
refused 'it wants a file again' 'standard output of the container was a file' \
  runts restore --bundle /root/front $(saved file) front
runts restore --detach --bundle /root/front $(saved file) front </dev/null >>/root/file 2>&1
touch /root/front/rootfs/go
eventually 'and goes on writing to that' is /root/file "one
two"
rm /root/front/rootfs/go
check 'delete succeeds' runts delete --force front
check 'run with output to a pipe succeeds' piped /root/out6 runts run --detach --bundle /root/front front
check 'checkpoint succeeds' runts checkpoint $(saved front) front
(sleep 3; touch /root/front/rootfs/go) &
runts restore --bundle /root/front $(saved front) front </dev/null >/root/file2 2>/root/file3
equal 'restore in the foreground waits, and exits as its program' 7 $?
equal 'what it has said before' one "$(cat /root/out6)"
equal 'and afterwards' two "$(cat /root/file2)"
equal 'is not told otherwise' '' "$(cat /root/file3)"
nothing_left lab-test

# ---- with a terminal
cat >/root/receive.py <<'E2'
import os, socket, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
connection, _ = listener.accept()
_, fds, _, _ = socket.recv_fds(connection, 4096, 1)
for line in sys.argv[2:]:
    os.write(fds[0], line.encode() + b"\n")
text = b""
while not text.endswith(b"said " + sys.argv[-1].encode() + b"\r\n"):
    text += os.read(fds[0], 4096)
open(sys.argv[1] + ".said", "wb").write(text.replace(b"\r", b""))
time.sleep(1000)
E2
make_bundle /root/tty "
  config.process.args = ['sh', '-c', 'while read line; do echo said \$line; done'];
  config.process.terminal = true;
  config.linux.cgroupsPath = '/lab-test/tty';
"
python3 /root/receive.py /root/tty1 first & receivers=$!
eventually 'the first receiver listens' test -S /root/tty1
check 'run with a terminal succeeds' runts run --detach --bundle /root/tty --console-socket /root/tty1 tty
eventually 'it answers' grep -qx 'said first' /root/tty1.said
check 'checkpoint succeeds' runts checkpoint $(saved tty) tty
refused 'restore wants a console socket' 'cannot allocate tty if runts will detach without setting console socket' \
  runts restore --detach --bundle /root/tty $(saved tty) tty
python3 /root/receive.py /root/tty2 second & receivers="$receivers $!"
eventually 'the second receiver listens' test -S /root/tty2
check 'restore with a terminal succeeds' runts restore --detach --bundle /root/tty --console-socket /root/tty2 $(saved tty) tty
eventually 'it answers there' grep -qx 'said second' /root/tty2.said
check 'delete succeeds' runts delete --force tty
kill $receivers

# ---- in a network namespace that is there already, without moving cgroups about
ip netns add lab
make_bundle /root/net "$COUNTING
  config.linux.namespaces.find(({type}) => type === 'network').path = '/run/netns/lab';
  config.linux.cgroupsPath = '/lab-test/net';
"
check 'run succeeds' detached runts run --detach --bundle /root/net net
check 'checkpoint succeeds' runts checkpoint --manage-cgroups-mode ignore $(saved net) net
check 'restore succeeds' detached runts restore --detach --manage-cgroups-mode ignore --bundle /root/net $(saved net) net
goes_on_soon 'the counting goes on' net
equal 'in that network namespace' "$(stat -Lc %i /run/netns/lab)" "$(stat -Lc %i /proc/"$(pid_of net)"/ns/net)"
equal 'and in its cgroup' 0::/lab-test/net "$(cat /proc/"$(pid_of net)"/cgroup)"
check 'delete succeeds' runts delete --force net
ip netns delete lab

rmdir /sys/fs/cgroup/lab-test 2>/dev/null
nothing_left lab-test
finish
