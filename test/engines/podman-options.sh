# shellcheck shell=bash disable=SC2016,SC2064,SC2069,SC2086,SC2206,SC2153
# Podman's options of `run`, as root: each reaches the container.
# images: busybox
# shellcheck source=lib/podman.sh
. "$PROJECT/test/engines/lib/podman.sh"

# ---- file systems

scenario_init() {
  run --init $BUSYBOX sh -c 'cat /proc/1/comm; sleep 0.1 & sleep 0.3; ps -o stat,comm | grep -c Z || :'
}
scenario_read_only() {
  both run --read-only $BUSYBOX sh -c 'exec 2>&1; touch /x; touch /tmp/x && echo tmp; touch /run/x && echo run; touch /dev/shm/x && echo shm'
  both run --read-only --read-only-tmpfs=false $BUSYBOX sh -c 'touch /tmp/x'
  both run --tmpfs /scratch:rw,size=64k,mode=1770,noexec $BUSYBOX sh -c 'stat -c %a /scratch; grep /scratch /proc/self/mounts; dd if=/dev/zero of=/scratch/x bs=1k count=100 2>&1 | tail -n 1 | cut -d " " -f 1'
  both run --shm-size 1m $BUSYBOX df -k /dev/shm
}
scenario_volumes() {
  local host=$WORK/tmp/host option
  mkdir -p "$host/sub"
  echo content >"$host/file"
  chmod 777 "$host"
  for option in ro rw z Z noexec nodev,nosuid; do
    echo "-- $option"
    both run -v "$host:/host:$option" $BUSYBOX sh -c 'exec 2>&1; cat /host/file; touch /host/new && rm /host/new; sed -n "s|.* /host [^ ]* \([^ ]*\) .*|\1|p" /proc/self/mounts | sed "s/,lowerdir.*//"'
  done
  both run -v "$host/file:/etc/file:ro" $BUSYBOX cat /etc/file
  both run --mount "type=bind,source=$host,destination=/host,ro=true" $BUSYBOX cat /host/file
  both run --mount type=tmpfs,destination=/t,tmpfs-size=1m $BUSYBOX df -k /t
  both run -v "$host:/host:O" $BUSYBOX sh -c 'echo over >/host/file; cat /host/file'
  cat "$host/file"
  both run -v "$host:/host:U" --user 1000 $BUSYBOX sh -c 'stat -c %u /host /host/file'
  stat -c %u "$host" "$host/file"
  podman volume create "$SCENARIO" >/dev/null
  run -v "$SCENARIO:/data" $BUSYBOX sh -c 'echo kept >/data/file'
  run -v "$SCENARIO:/data" $BUSYBOX cat /data/file
  run -v "$SCENARIO:/etc" $BUSYBOX ls /etc | head -n 3
  podman volume rm "$SCENARIO" >/dev/null
  why run -v "$WORK/none:/host" $BUSYBOX true | sed "s|$WORK||"
}
scenario_propagation() {
  local host=$WORK/tmp/propagation option
  mkdir -p "$host"
  mount -t tmpfs tmpfs "$host"
  mount --make-shared "$host"
  mkdir "$host/later"
  for option in private rprivate slave rslave shared rshared; do
    podman run --replace -d --name "$SCENARIO" --network none --cap-add SYS_ADMIN -v "$host:/host:$option" $BUSYBOX sleep 1000 >/dev/null
    mount -t tmpfs tmpfs "$host/later"
    echo "$option: $(podman exec "$SCENARIO" sh -c 'grep -c /host/later /proc/self/mounts; sed -nE "s|.* /host [^ ]* ([a-z]*):?.*|\1|p" /proc/self/mountinfo' | paste -sd ' ')"
    umount "$host/later"
    podman exec --privileged "$SCENARIO" mount -t tmpfs tmpfs /host/later
    echo "outwards: $(grep -c "$host/later" /proc/self/mounts)"
    podman rm -f -t 0 "$SCENARIO" >/dev/null
    umount "$host/later" 2>/dev/null || :
  done
  umount "$host"
}
scenario_devices() {
  both run --device /dev/fuse --device /dev/full:/dev/voll:r $BUSYBOX sh -c 'exec 2>&1; stat -c "%n %t %T %a" /dev/fuse /dev/voll; head -c 1 /dev/voll | wc -c; echo x >/dev/voll'
  both run --device-cgroup-rule 'c 1:7 rmw' --cap-add MKNOD $BUSYBOX sh -c 'exec 2>&1; mknod /tmp/full c 1 7 && echo x >/tmp/full; mknod /tmp/mem c 1 1; cat /tmp/mem'
  both run $BUSYBOX sh -c 'ls -1 /dev; ls -l /dev/fd /dev/ptmx | sed "s/.*:.. //"'
  both run --privileged $BUSYBOX sh -c 'exec 2>&1; ls /dev | grep -c .; grep -E "^(Cap|Secc|NoNew)" /proc/self/status; mount -t tmpfs tmpfs /tmp && echo mounted; touch /proc/sys/kernel/domainname && echo sysctls'
}

# ---- users

scenario_userns() {
  both run --uidmap 0:100000:5000 --gidmap 0:200000:5000 $BUSYBOX sh -c 'exec 2>&1; cat /proc/self/uid_map /proc/self/gid_map; id; stat -c %u /bin /dev/null /proc/1; touch /x && stat -c %u:%g /x; mount -t tmpfs tmpfs /tmp'
  both run --uidmap 0:100000:5000 --user 1000:1000 -v "$WORK/tmp:/host:ro" $BUSYBOX sh -c 'exec 2>&1; id; stat -c %u /host; cat /proc/self/setgroups'
  start --uidmap 0:100000:5000 $BUSYBOX sleep 1000
  podman exec "$SCENARIO" sh -c 'id; cat /proc/self/uid_map; grep ^CapEff /proc/self/status'
  podman exec -u 1000 "$SCENARIO" id
  awk '/^Uid/ {print $2}' "/proc/$(pid)/status"
  podman run -d --name "$SCENARIO-2" --network none --userns "container:$SCENARIO" $BUSYBOX sleep 1000 >/dev/null
  same user "$SCENARIO" "$SCENARIO-2"
}
scenario_userns_auto() {
  echo 'containers:2147483647:2147483648' >"$WORK/tmp/subid"
  mount --bind "$WORK/tmp/subid" /etc/subuid
  mount --bind "$WORK/tmp/subid" /etc/subgid
  both run --userns auto:size=2048 $BUSYBOX sh -c 'cat /proc/self/uid_map; id -u'
  umount /etc/subuid /etc/subgid
}
scenario_capabilities() {
  local flags
  for flags in '' '--cap-add NET_ADMIN,SYS_TIME' '--cap-drop ALL' '--cap-drop ALL --cap-add KILL' '--cap-drop CHOWN --cap-add ALL' \
    '--user 1000' '--user 1000 --cap-add NET_RAW'; do
    echo "-- $flags"
    # shellcheck disable=SC2086
    both run $flags $BUSYBOX grep ^Cap /proc/self/status
  done
}

# ---- security

scenario_seccomp() {
  echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}' >"$WORK/tmp/seccomp.json"
  both run --security-opt "seccomp=$WORK/tmp/seccomp.json" $BUSYBOX sh -c 'exec 2>&1; mkdir /x; grep Seccomp: /proc/self/status'
  both run --security-opt seccomp=unconfined $BUSYBOX sh -c 'exec 2>&1; mkdir /x && echo made; grep Seccomp: /proc/self/status'
  both run $BUSYBOX sh -c 'exec 2>&1; grep Seccomp: /proc/self/status; unshare -m true; reboot -f'
  start --security-opt "seccomp=$WORK/tmp/seccomp.json" $BUSYBOX sleep 1000
  both podman exec "$SCENARIO" mkdir /x
}
scenario_security_options() {
  both run --security-opt no-new-privileges $BUSYBOX grep NoNewPrivs /proc/self/status
  both run --security-opt mask=/etc/passwd:/root $BUSYBOX sh -c 'exec 2>&1; cat /etc/passwd; touch /root/x'
  both run --security-opt unmask=ALL $BUSYBOX sh -c 'grep -c " /proc/" /proc/self/mounts'
  both run --security-opt unmask=/proc/acpi $BUSYBOX sh -c 'sed -n "s|^\([a-z]*\) \(/proc/[^ ]*\) \([a-z]*\) \(r.\).*|\1 \2 \3 \4|p" /proc/self/mounts | sort'
  both run --security-opt label=disable --security-opt apparmor=unconfined $BUSYBOX echo unconfined
  both run --security-opt proc-opts=hidepid=2 $BUSYBOX sh -c 'grep " /proc " /proc/self/mounts'
}
scenario_apparmor() { both run --security-opt apparmor=no-such-profile $BUSYBOX echo unconfined; }
scenario_limits() {
  both run --ulimit nofile=100:200 --ulimit core=0:0 --ulimit nproc=500 $BUSYBOX sh -c 'grep -E "open files|core|processes" /proc/self/limits'
  both run --ulimit host $BUSYBOX sh -c 'grep -c . /proc/self/limits'
  both run --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=65000 $BUSYBOX cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax
  why run --network host --sysctl net.ipv4.ip_forward=1 $BUSYBOX true
  both run --oom-score-adj 500 $BUSYBOX cat /proc/self/oom_score_adj
  both run --umask 0077 $BUSYBOX sh -c umask
}

# ---- namespaces

scenario_names() {
  both run --hostname name.example --add-host other:10.1.2.3 $BUSYBOX sh -c 'hostname; cat /proc/sys/kernel/hostname; grep other /etc/hosts'
  both run --uts host $BUSYBOX hostname
  both run --dns none --env-host=false --env 'A=1' --env-file <(echo B=2) $BUSYBOX sh -c 'echo $A$B; echo $container'
}
scenario_namespaces() {
  local kind
  start $BUSYBOX sleep 1000
  for kind in pid ipc uts cgroup; do
    echo "$kind=host: $(equal_namespace "$kind" "--$kind" host)"
  done
  echo "net=host: $(equal_namespace net --network host)"
  for kind in pid ipc; do
    podman run -d --name "$SCENARIO-$kind" --network none "--$kind" "container:$SCENARIO" $BUSYBOX sleep 1000 >/dev/null
    same "$kind" "$SCENARIO" "$SCENARIO-$kind"
    podman exec "$SCENARIO-$kind" echo in it
  done
  podman run -d --name "$SCENARIO-net" --network "container:$SCENARIO" $BUSYBOX sleep 1000 >/dev/null
  same net "$SCENARIO" "$SCENARIO-net"
  podman run -d --name "$SCENARIO-ns" --network "ns:/proc/$(pid)/ns/net" $BUSYBOX sleep 1000 >/dev/null
  same net "$SCENARIO" "$SCENARIO-ns"
  run --cgroupns private $BUSYBOX cat /proc/self/cgroup | cut -d : -f 3 | sort -u
  both run --ipc none $BUSYBOX sh -c 'ls /dev/shm 2>&1'
  both run --ipc private $BUSYBOX grep -c /dev/shm /proc/self/mounts
  both run $BUSYBOX sh -c 'ip addr | grep -c "state UP\|LOOPBACK,UP"; ping -c 1 -W 1 127.0.0.1 | grep -c received'
}
# equal_namespace KIND FLAG...: whether a container with the flag is in the world's
equal_namespace() {
  local inside
  inside=$(podman run --rm "${@:2}" $BUSYBOX readlink "/proc/self/ns/$1")
  if [ "$inside" = "$(readlink "/proc/self/ns/$1")" ]; then echo shared; else echo "its own"; fi
}
# Stopped without a pid namespace: all of its processes must end, not only the first.
scenario_host_pid_stop() {
  start --pid host $BUSYBOX sh -c 'sleep 12345 & trap exit TERM; echo ready; wait'
  eventually said ready
  podman stop -t 10 "$SCENARIO" >/dev/null
  state
  podman rm "$SCENARIO" >/dev/null
  # shellcheck disable=SC2009
  ps -eo args | grep -c '^sleep 12345' || :
}
scenario_network_bridge() {
  podman network create "$SCENARIO" >/dev/null
  podman run -d --name "$SCENARIO" --network "$SCENARIO" $BUSYBOX sleep 1000 >/dev/null
  podman exec "$SCENARIO" sh -c 'ip addr show eth0 | grep -c "inet "'
  podman rm -f -t 0 "$SCENARIO" >/dev/null
  podman network rm "$SCENARIO" >/dev/null
}

# ---- cgroups

scenario_resources() {
  start -m 64m --memory-reservation 32m --cpus 0.5 --cpu-shares 512 --cpuset-cpus 0 --cpuset-mems 0 --pids-limit 50 $BUSYBOX sleep 1000
  limits
  podman exec "$SCENARIO" cat /proc/self/status | grep Cpus_allowed_list
  both podman update --help >/dev/null
  both podman update -m 96m --cpus 1 "$SCENARIO" | sed "s/$(podman inspect -f '{{.Id}}' "$SCENARIO")/ID/" | tail -n 2
}
limits() {
  local pid
  pid=$(pid)
  cgroup_file "$pid" memory memory.limit_in_bytes memory.max
  cgroup_file "$pid" memory memory.soft_limit_in_bytes memory.low
  cgroup_file "$pid" cpu cpu.cfs_quota_us cpu.max
  cgroup_file "$pid" cpu cpu.shares cpu.weight
  cgroup_file "$pid" cpuset cpuset.cpus
  cgroup_file "$pid" pids pids.max
}
scenario_memory_swap() { run -m 64m --memory-swap 64m --memory-swappiness 0 $BUSYBOX echo hi; }
scenario_blkio_weight() { run --blkio-weight 500 $BUSYBOX echo hi; }
scenario_pids_limit() {
  both run --pids-limit 5 $BUSYBOX sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done 2>/dev/null; echo forked'
  both run --pids-limit -1 $BUSYBOX echo unlimited
}
scenario_out_of_memory() {
  ends_with 137 podman run --name "$SCENARIO" --network none -m 16m $BUSYBOX sh -c 'exec tail -c 100m /dev/zero' 2>/dev/null
  podman inspect -f '{{.State.ExitCode}} {{.State.OOMKilled}}' "$SCENARIO"
}
scenario_cgroups() {
  start --cgroup-parent /runts-parent $BUSYBOX sleep 1000
  sed -E 's/^[0-9]+://; s/[0-9a-f]{64}/ID/' "/proc/$(pid)/cgroup" | sort
  podman rm -f -t 0 "$SCENARIO" >/dev/null
  start --cgroups no-conmon $BUSYBOX sleep 1000
  sed -E 's/^[0-9]+://; s/[0-9a-f]{64}/ID/' "/proc/$(pid)/cgroup" | sort
  podman rm -f -t 0 "$SCENARIO" >/dev/null
}
scenario_cgroups_split() {
  start --cgroups split $BUSYBOX sleep 1000
  sed -E 's/^[0-9]+://; s/[0-9a-f]{64}/ID/' "/proc/$(pid)/cgroup" | sort
}
scenario_cgroups_disabled() {
  start --cgroups disabled $BUSYBOX sleep 1000
  sed -E 's/^[0-9]+://; s/[0-9a-f]{64}/ID/' "/proc/$(pid)/cgroup" | sort
  podman exec "$SCENARIO" echo in it
  podman stop -t 0 "$SCENARIO" >/dev/null
  podman rm "$SCENARIO" >/dev/null
}

# ---- what comes with a caller

scenario_preserve_fds() {
  echo three >"$WORK/tmp/three"
  echo four >"$WORK/tmp/four"
  both run --preserve-fds 2 $BUSYBOX sh -c 'cat <&3; cat <&4; ls /proc/1/fd' 3<"$WORK/tmp/three" 4<"$WORK/tmp/four"
  start $BUSYBOX sleep 1000
  both podman exec --preserve-fds 1 "$SCENARIO" sh -c 'cat <&3' 3<"$WORK/tmp/three"
}
scenario_listen_fds() {
  echo three >"$WORK/tmp/three"
  both sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web exec "$@" 3<"$0"' "$WORK/tmp/three" "${PODMAN[@]}" run --rm --network none \
    $BUSYBOX sh -c 'echo $LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES; cat <&3'
}
# The programs of this machine are lent to the container: perl can send what busybox cannot.
NOTIFIER=(-v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro $BUSYBOX /usr/bin/perl -MSocket -e '
  socket(S, AF_UNIX, SOCK_DGRAM, 0) && send(S, "READY=1\nSTATUS=well", 0, sockaddr_un($ENV{NOTIFY_SOCKET})) or die "send: $!"; sleep 1000')
scenario_sdnotify_container() {
  listen
  NOTIFY_SOCKET=$WORK/tmp/notify podman run -d --name "$SCENARIO" --network none --sdnotify container "${NOTIFIER[@]}" >/dev/null
  heard
}
scenario_sdnotify_conmon() {
  listen
  NOTIFY_SOCKET=$WORK/tmp/notify podman run -d --name "$SCENARIO" --network none --sdnotify conmon $BUSYBOX sh -c 'echo "socket: $NOTIFY_SOCKET"; sleep 1000' >/dev/null
  heard
  eventually said socket:
  podman logs "$SCENARIO"
}
scenario_sdnotify_ignore() {
  listen
  NOTIFY_SOCKET=$WORK/tmp/notify podman run -d --name "$SCENARIO" --network none --sdnotify ignore $BUSYBOX sh -c 'echo "socket: $NOTIFY_SOCKET"; sleep 1000' >/dev/null
  eventually said socket:
  podman logs "$SCENARIO"
}
# listen: what comes to the service manager's socket goes to a file
listen() {
  rm -f "$WORK/tmp/notify"
  python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1])
while True: print(s.recv(4096).decode(), flush=True)' "$WORK/tmp/notify" >"$WORK/tmp/heard" &
  trap "kill $!" EXIT
  eventually test -S "$WORK/tmp/notify"
}
heard() {
  eventually grep -q ^READY=1 "$WORK/tmp/heard"
  sleep 0.5
  equal "MAINPID=$(podman inspect -f '{{.State.ConmonPid}}' "$SCENARIO")" "$(grep ^MAINPID "$WORK/tmp/heard" | tail -n 1)"
  grep -v ^MAINPID "$WORK/tmp/heard"
}
# A container has a session keyring of its own, which execs share.
scenario_keyring() {
  start $BUSYBOX sleep 1000
  grep -c "_ses.$(podman inspect -f '{{.Id}}' "$SCENARIO")" /proc/keys
  podman rm -f -t 0 "$SCENARIO" >/dev/null
}
scenario_annotations_and_labels() {
  start --annotation a=b --label c=d --replace $BUSYBOX sleep 1000
  podman inspect -f '{{.Config.Annotations.a}} {{.Config.Labels.c}}' "$SCENARIO"
  podman ps --filter label=c=d --format '{{.Names}}'
}
scenario_hooks() {
  mkdir -p "$WORK/tmp/hooks"
  cat >"$WORK/tmp/hooks/one.json" <<END
{"version": "1.0.0", "hook": {"path": "/bin/sh", "args": ["sh", "-c", "cat >$WORK/tmp/\$0.json", "prestart"]}, "when": {"always": true}, "stages": ["prestart"]}
END
  sed 's/prestart/poststop/g' "$WORK/tmp/hooks/one.json" >"$WORK/tmp/hooks/two.json"
  podman --hooks-dir "$WORK/tmp/hooks" run --name "$SCENARIO" --network none $BUSYBOX echo hi
  podman rm "$SCENARIO" >/dev/null
  python3 -c '
import json, sys
for name in sys.argv[1:]:
  state = json.load(open(name)); print("pid" in state and state["pid"] > 0, sorted(state))' "$WORK"/tmp/prestart.json "$WORK/tmp/poststop.json"
}
