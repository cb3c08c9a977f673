# shellcheck shell=bash disable=SC2016,SC2153
# Docker: a daemon whose default runtime is the one under test, and Docker's own command line.
# images: busybox
export DOCKER_HOST=unix:///run/docker.sock
IMAGE=runts-busybox

engine_versions() {
  docker --version
  "$RUNTIME" --version | head -n 1
}
engine_start() {
  start_dockerd
  docker load -q -i "$IMAGES/busybox.tar" >/dev/null
}
start_dockerd() {
  daemon dockerd dockerd --data-root "$WORK/docker" --exec-root /run/docker --pidfile /run/docker.pid --host "$DOCKER_HOST" \
    --add-runtime "under-test=$RUNTIME" --default-runtime under-test --exec-opt native.cgroupdriver=cgroupfs \
    --storage-driver overlay2 --log-level warn
  eventually docker version
}
engine_stop() {
  local left
  left=$(docker ps -aq)
  # shellcheck disable=SC2086
  [ -z "$left" ] || docker rm -f $left >/dev/null
  stop_daemon dockerd
}

# words FLAG... -- COMMAND...: into the arrays `flags` and `command`, the latter with the image before it
words() {
  flags=()
  while [ "$1" != -- ]; do
    flags+=("$1")
    shift
  done
  shift
  command=("$IMAGE" "$@")
}
# run FLAG... -- COMMAND...: in the foreground, in a container with the name of the scenario that is removed after it
run() {
  local flags command
  words "$@"
  docker run --rm --name "$SCENARIO" "${flags[@]}" "${command[@]}"
}
# start FLAG... -- COMMAND...: in the background
start() {
  local flags command
  words "$@"
  docker run --detach --name "$SCENARIO" "${flags[@]}" "${command[@]}" >/dev/null
}
remove() { docker rm --force "${@:-$SCENARIO}" >/dev/null; }
# inspected FORMAT [NAME]
inspected() { docker inspect --format "$1" "${2:-$SCENARIO}"; }
status_is() { [ "$(inspected '{{.State.Status}}' "${2:-$SCENARIO}")" = "$1" ]; }
pid() { inspected '{{.State.Pid}}'; }
# cgroup CONTROLLER FILE [FILE_OF_V2]: of the container with the name of the scenario
cgroup() { echo "$2: $(cgroup_file "$(pid)" "$@")"; }

scenario_run() {
  equal hi "$(run -- echo hi)"
  run --hostname box --user 1000:1000 --group-add 2000 --workdir /tmp --env A=1 --entrypoint sh -- -c 'hostname; id; pwd; echo $A'
}
scenario_world_of_a_container() {
  # What the program finds, but for what is different each time, and for the directory of cgroup hierarchies: runc leaves it writable.
  run --hostname box -- sh -c 'cut -d " " -f 5,6 /proc/self/mountinfo | grep -v "^/sys/fs/cgroup " | sort; grep -E "^(Umask|Groups|Sig[BIC]|Cap|NoNew|Seccomp:)" /proc/self/status
    cat /proc/self/limits; env | sort; ls -l /dev | sed "s/ [A-Z][a-z][a-z] .. ..:.. / /"; ls -l /proc/self/fd | wc -l; cat /proc/self/uid_map
    cat /proc/self/oom_score_adj; cat /proc/1/comm; ls /; stat -c "%a %u %n" / /tmp; ulimit -a; cat /proc/self/attr/current 2>&1; cat /proc/sys/net/ipv4/ip_unprivileged_port_start'
}
scenario_exit_codes() {
  ends_with 42 run -- sh -c 'exit 42'
  ends_with 127 run -- /no/such/program
  ends_with 127 run -- no-such-program
  ends_with 126 run -- /etc/passwd
  ends_with 126 run -- /tmp
  ends_with 125 run --workdir /etc/passwd -- true
  ends_with 127 run --entrypoint '' -- nothing
  inspected '{{.State.Status}}' 2>/dev/null || echo 'no container is left'
}
scenario_start_errors() {
  # The words that engines and people know.
  says 'exec: "/no/such": stat /no/such: no such file or directory: unknown' run -- /no/such
  says 'exec: "no-such": executable file not found in $PATH: unknown' run -- no-such
  says 'exec: "/etc/passwd": permission denied: unknown' run -- /etc/passwd
  says 'Are you trying to mount a directory onto a file (or vice-versa)?' start --volume /no/such:/etc/passwd/x -- true
  inspected '{{.State.Status}} {{.State.ExitCode}}'
  remove
  says 'Requested CPUs are not available' run --cpuset-cpus 77 -- true
  start -- sleep 1000
  says 'exec: "/no/such": stat /no/such: no such file or directory: unknown' docker exec "$SCENARIO" /no/such
  says 'exec: "no-such": executable file not found in $PATH: unknown' docker exec "$SCENARIO" no-such
  says 'exec: "/etc/passwd": permission denied: unknown' docker exec "$SCENARIO" /etc/passwd
  remove
}
scenario_streams() {
  local sum
  equal 'in' "$(echo in | run --interactive -- cat)"
  sum=$(head -c 20000000 /dev/urandom | tee "$WORK/tmp/$SCENARIO" | sha256sum)
  equal "$sum" "$(run --interactive -- cat <"$WORK/tmp/$SCENARIO" | sha256sum)"
  run -- sh -c 'echo out; echo err >&2' 2>/dev/null
  run -- sh -c 'echo out; echo err >&2' 3>&1 >/dev/null 2>&3
}
scenario_terminal() {
  on_terminal docker run --rm --tty --interactive --name "$SCENARIO" "$IMAGE" sh -c 'tty; test -t 0 && test -t 1 && test -t 2 && echo terminals; stty -a | grep -o isig'
  on_terminal docker run --rm --tty --name "$SCENARIO" "$IMAGE" sh -c 'stty size; exit 5' || echo "exit code $?"
  start --tty --interactive -- sh
  on_terminal docker exec --tty --interactive "$SCENARIO" sh -c 'tty; stty rows 33 cols 44; stty size; ls -l /dev/console | cut -c 1-10'
  remove
}
scenario_exec() {
  start --env A=1 -- sleep 1000
  ends_with 7 docker exec "$SCENARIO" sh -c 'exit 7'
  ends_with 126 docker exec "$SCENARIO" /etc/passwd >/dev/null
  ends_with 126 docker exec "$SCENARIO" /tmp >/dev/null
  ends_with 126 docker exec "$SCENARIO" no-such-program >/dev/null
  ends_with 126 docker exec "$SCENARIO" /no/such/program >/dev/null
  docker exec --user user --workdir /tmp --env B=2 "$SCENARIO" sh -c 'id; pwd; echo $A $B; grep -E "^(Cap|Seccomp:|NoNew)" /proc/self/status'
  echo in | docker exec --interactive "$SCENARIO" cat
  docker exec --detach "$SCENARIO" sh -c 'echo made >/tmp/made'
  eventually docker exec "$SCENARIO" test -s /tmp/made
  docker exec "$SCENARIO" cat /tmp/made
  # An exec is in the cgroups of the container, and ends with it.
  docker exec "$SCENARIO" sh -c 'cmp /proc/1/cgroup /proc/self/cgroup && echo same cgroups'
  docker exec "$SCENARIO" sleep 1000 &
  eventually docker exec "$SCENARIO" sh -c 'test $(ps | grep -c "[s]leep 1000") = 2'
  docker kill "$SCENARIO" >/dev/null
  ends_with 137 wait $!
  ends_with 1 docker exec "$SCENARIO" true
  remove
}
scenario_exec_privileged() {
  start -- sleep 1000
  docker exec --privileged "$SCENARIO" grep -E '^(Cap|Seccomp:)' /proc/self/status
  remove
}
scenario_exec_many() {
  local pids=() i
  start -- sleep 1000
  for i in {1..20}; do
    docker exec "$SCENARIO" sh -c "exit $i" &
    pids+=($!)
  done
  for i in {1..20}; do ends_with "$i" wait "${pids[i - 1]}"; done
  docker exec "$SCENARIO" sh -c 'ps | grep -c "sleep 1000$"'
  remove
}
scenario_stop() {
  start -- sh -c 'trap "exit 7" TERM; while :; do sleep 0.1; done'
  sleep 0.5
  docker stop "$SCENARIO" >/dev/null
  inspected '{{.State.Status}} {{.State.ExitCode}}'
  docker start "$SCENARIO" >/dev/null
  sleep 0.5
  docker stop --time 1 "$SCENARIO" >/dev/null
  inspected '{{.State.Status}} {{.State.ExitCode}}'
  remove
  start --stop-signal USR1 -- sh -c 'trap "exit 8" USR1; while :; do sleep 0.1; done'
  sleep 0.5
  docker stop "$SCENARIO" >/dev/null
  inspected '{{.State.ExitCode}}'
  remove
  start -- sleep 1000
  docker stop --time 1 "$SCENARIO" >/dev/null
  inspected '{{.State.ExitCode}}'
  remove
}
scenario_kill() {
  local signal
  for signal in KILL 9 SIGHUP RTMIN+3; do
    start -- sh -c 'trap "exit 1" HUP; trap "exit 37" 37; while :; do sleep 0.1; done'
    sleep 0.5
    docker kill --signal "$signal" "$SCENARIO" >/dev/null
    eventually status_is exited
    inspected "$signal: {{.State.ExitCode}}"
    ends_with 1 docker kill "$SCENARIO"
    remove
  done
}
scenario_pause() {
  start -- sh -c 'i=0; while :; do i=$((i + 1)); echo $i >/tmp/i; sleep 0.05; done'
  docker pause "$SCENARIO" >/dev/null
  inspected '{{.State.Status}} {{.State.Paused}}'
  equal "$(cat "/proc/$(pid)/root/tmp/i")" "$(sleep 0.5; cat "/proc/$(pid)/root/tmp/i")"
  ends_with 1 docker pause "$SCENARIO"
  ends_with 1 docker exec "$SCENARIO" true
  docker unpause "$SCENARIO" >/dev/null
  inspected '{{.State.Status}} {{.State.Paused}}'
  docker exec "$SCENARIO" true
  docker pause "$SCENARIO" >/dev/null
  docker rm --force "$SCENARIO" >/dev/null
  ends_with 1 docker unpause "$SCENARIO"
}
scenario_top_and_stats() {
  start --memory 64m --pids-limit 20 -- sh -c 'sleep 1000 & sleep 1000'
  docker top "$SCENARIO" -o pid,args | sed 's/^[0-9]* *//' 
  docker stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' "$SCENARIO" | sed 's/ [0-9.]*[a-zA-Z]* \// used \//'
  remove
}
scenario_resources() {
  start --memory 64m --memory-swap 96m --memory-reservation 32m --cpu-shares 512 --cpu-period 50000 --cpu-quota 25000 --cpuset-cpus 0 \
    --cpuset-mems 0 --pids-limit 33 --blkio-weight 300 --shm-size 8m --ulimit nofile=100:200 --memory-swappiness 30 \
    --oom-score-adj 500 -- sleep 1000
  cgroup memory memory.limit_in_bytes memory.max
  cgroup memory memory.soft_limit_in_bytes memory.low
  cgroup memory memory.swappiness memory.events
  cgroup cpu cpu.shares cpu.weight
  cgroup cpu cpu.cfs_period_us cpu.max
  cgroup cpu cpu.cfs_quota_us cpu.max
  cgroup cpuset cpuset.cpus
  cgroup cpuset cpuset.mems
  cgroup pids pids.max
  docker exec "$SCENARIO" sh -c 'ulimit -n; ulimit -Hn; df -m /dev/shm | tail -n 1; nproc; cat /proc/1/oom_score_adj'
  remove
}
scenario_resource_memory_swap() {
  start --memory 64m --memory-swap 96m -- sleep 1000
  cgroup memory memory.memsw.limit_in_bytes memory.swap.max || skip "$(docker info 2>&1 | grep -i 'swap limit')"
  remove
}
scenario_resource_blkio_weight() {
  start --blkio-weight 300 -- sleep 1000
  cgroup blkio blkio.bfq.weight io.bfq.weight || cgroup blkio blkio.weight
  remove
}
scenario_resource_blkio_throttle() {
  start --device-read-bps /dev/vda:1mb --device-write-iops /dev/vda:100 -- sleep 1000
  cgroup blkio blkio.throttle.read_bps_device io.max
  cgroup blkio blkio.throttle.write_iops_device io.max
  remove
}
scenario_resource_cpus() {
  start --cpus 0.5 -- sleep 1000
  cgroup cpu cpu.cfs_period_us cpu.max
  cgroup cpu cpu.cfs_quota_us cpu.max
  remove
}
scenario_resource_kernel_memory() {
  start --memory 64m --kernel-memory 32m -- sleep 1000
  cgroup memory memory.limit_in_bytes memory.max
  remove
}
scenario_resource_pids() {
  ends_with 2 run --pids-limit 8 -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 1 & done; wait' 2>&1 | grep -o "can't fork.*"
  start --pids-limit -1 -- sleep 1000
  cgroup pids pids.max
  remove
}
scenario_resource_devices() {
  run --device /dev/null:/dev/mine:rw -- sh -c 'echo x >/dev/mine && ls -l /dev/mine | cut -c 1-10'
  ends_with 1 run -- sh -c 'mknod /tmp/vda b 254 0 && head -c 1 /tmp/vda'
  run --device-cgroup-rule 'b 254:* r' -- sh -c 'mknod /tmp/vda b 254 0 && head -c 1 /tmp/vda | wc -c'
  ends_with 1 run --device-cgroup-rule 'b 254:* r' -- sh -c 'mknod /tmp/vda b 254 0 && : >>/tmp/vda'
  start --device /dev/vda:/dev/disk:r -- sleep 1000
  cgroup devices devices.list cgroup.type | sed 's/^devices.list: //' | sort
  remove
}
scenario_oom() {
  # One stream: docker puts two together in any order.
  start --memory 16m -- sh -c 'exec 2>&1; tail /dev/zero; echo survived'
  eventually status_is exited
  docker logs "$SCENARIO" 2>&1
  inspected '{{.State.OOMKilled}} {{.State.ExitCode}}'
  remove
  start --memory 16m -- tail /dev/zero
  eventually status_is exited
  inspected '{{.State.OOMKilled}} {{.State.ExitCode}}'
  remove
}
scenario_oom_kill_disable() {
  start --memory 16m --oom-kill-disable -- sleep 1000
  cgroup memory memory.oom_control memory.oom.group
  remove
}
scenario_update() {
  start --memory 64m --pids-limit 10 -- sleep 1000
  docker update --memory 128m --memory-swap 256m --memory-reservation 48m --cpu-shares 256 --cpu-period 40000 --cpu-quota 10000 --cpuset-cpus 1 \
    --cpuset-mems 0 --pids-limit 77 "$SCENARIO" >/dev/null
  cgroup memory memory.limit_in_bytes memory.max
  cgroup memory memory.soft_limit_in_bytes memory.low
  cgroup cpu cpu.shares cpu.weight
  cgroup cpu cpu.cfs_period_us cpu.max
  cgroup cpu cpu.cfs_quota_us cpu.max
  cgroup cpuset cpuset.cpus
  cgroup pids pids.max
  docker update --cpu-quota -1 "$SCENARIO" >/dev/null
  cgroup cpu cpu.cfs_quota_us cpu.max
  docker update --memory 32m --memory-swap 64m "$SCENARIO" >/dev/null
  cgroup memory memory.limit_in_bytes memory.max
  docker update --cpus 0.3 "$SCENARIO" 2>&1 | sed 's/[0-9a-f]\{64\}/ID/' || echo "exit code $?"
  docker update --restart on-failure:3 "$SCENARIO" >/dev/null
  ends_with 1 docker update --cpuset-cpus 99 "$SCENARIO"
  ends_with 1 docker update --memory 1m "$SCENARIO"
  cgroup memory memory.limit_in_bytes memory.max
  status_is running
  remove
}
scenario_logs() {
  start -- sh -c 'echo one; echo two >&2; sleep 1; echo three'
  docker logs --follow "$SCENARIO" 2>/dev/null
  docker logs "$SCENARIO" 3>&1 >/dev/null 2>&3
  docker logs --tail 1 "$SCENARIO"
  docker logs --timestamps "$SCENARIO" 2>/dev/null | grep -c '^20..-..-..T'
  remove
}
scenario_attach_and_wait() {
  start --interactive -- sh -c 'read a; echo "got $a"; sleep 1; exit 9' # attach may lose the last words of a container
  echo word | ends_with 9 docker attach "$SCENARIO"
  docker wait "$SCENARIO"
  remove
}
scenario_restart_policies() {
  start --restart on-failure:2 -- sh -c 'exit 3'
  eventually status_is exited
  inspected '{{.RestartCount}} {{.State.ExitCode}}'
  remove
  start --restart always -- sh -c 'sleep 0.3'
  eventually restarted 2
  docker stop "$SCENARIO" >/dev/null
  inspected '{{.State.Status}}'
  remove
  start --restart unless-stopped -- sleep 1000
  kill -9 "$(pid)"
  eventually restarted 1
  eventually status_is running
  docker restart --time 0 "$SCENARIO" >/dev/null
  inspected '{{.State.Status}} {{.RestartCount}}'
  remove
}
restarted() { [ "$(inspected '{{.RestartCount}}')" -ge "$1" ]; }
scenario_init() {
  run --init -- sh -c 'cat /proc/1/comm; (sleep 0.1 & exit 0); sleep 0.5; ps -o stat,comm | grep Z || echo no zombies'
  start --init -- sleep 1000
  docker stop "$SCENARIO" >/dev/null
  inspected '{{.State.ExitCode}}'
  remove
}
scenario_healthcheck() {
  start --health-cmd 'test -e /tmp/well' --health-interval 0.3s --health-retries 1 --health-timeout 20s -- sh -c 'touch /tmp/well; sleep 1000'
  eventually health_is healthy
  docker exec "$SCENARIO" rm /tmp/well
  eventually health_is unhealthy
  remove
}
health_is() { [ "$(inspected '{{.State.Health.Status}}')" = "$1" ]; }
scenario_build() {
  local dir=$WORK/tmp/$SCENARIO
  mkdir -p "$dir"
  echo content >"$dir/file"
  cat >"$dir/Dockerfile" <<END
FROM $IMAGE
ARG WHO=nobody
ENV A=1
RUN echo "built by \$(id -u) for \$WHO" >/built && mkdir /data
COPY file /data/
WORKDIR /data
USER user
RUN ["sh", "-c", "id -un; cat file; exit 0"]
CMD ["sh", "-c", "cat /built file; pwd; id -un"]
END
  docker build --quiet --build-arg WHO=me --tag "$SCENARIO" "$dir" >/dev/null
  docker run --rm "$SCENARIO"
  printf 'FROM %s\nRUN exit 9\n' "$IMAGE" >"$dir/Dockerfile"
  ends_with 9 docker build --memory 64m "$dir" >/dev/null
}
scenario_network() {
  run --network none -- sh -c 'ip -o link | cut -d " " -f 2'
  run --network host -- sh -c 'ip -o link | cut -d " " -f 2 | sort | grep -E "lo|docker0"; hostname >/dev/null'
  start --hostname first -- sleep 1000
  docker run --rm --network "container:$SCENARIO" "$IMAGE" sh -c 'hostname; ip -o -4 addr show eth0 | wc -l'
  docker run --rm --link "$SCENARIO:first" "$IMAGE" sh -c 'ping -c 1 -W 5 first | grep -o "1 packets received"'
  run_second --add-host there:10.1.2.3 --dns 10.9.9.9 --dns-search example.org -- sh -c 'grep there /etc/hosts; cat /etc/resolv.conf'
  run_second --mac-address 02:42:00:00:00:77 -- cat /sys/class/net/eth0/address
  remove
}
run_second() {
  local flags command
  words "$@"
  docker run --rm "${flags[@]}" "${command[@]}"
}
scenario_network_of_users() {
  docker network create "$SCENARIO" --subnet 10.77.0.0/24 >/dev/null
  start --network "$SCENARIO" --ip 10.77.0.7 --network-alias other -- httpd -f -p 80 -h /etc
  docker run --rm --network "$SCENARIO" "$IMAGE" sh -c "wget -q -O - http://$SCENARIO/passwd | head -n 1; ping -c 1 other | grep -o '(10.77.0.7)'"
  docker network connect bridge "$SCENARIO"
  docker exec "$SCENARIO" sh -c 'ip -o link | grep -c eth'
  docker network disconnect "$SCENARIO" "$SCENARIO"
  docker exec "$SCENARIO" sh -c 'ip -o link | grep -c eth'
  remove
  docker network rm "$SCENARIO" >/dev/null
}
scenario_network_port() {
  start --publish 127.0.0.1:8080:80 -- httpd -f -p 80 -h /etc
  eventually curl -sf http://127.0.0.1:8080/passwd
  curl -sf http://127.0.0.1:8080/passwd
  remove
}
scenario_volumes() {
  local dir=$WORK/tmp/$SCENARIO
  mkdir -p "$dir/sub"
  echo there >"$dir/file"
  docker volume create "$SCENARIO" >/dev/null
  run --volume "$SCENARIO:/data" -- sh -c 'echo kept >/data/file'
  run --volume "$SCENARIO:/data:ro" -- sh -c 'cat /data/file; touch /data/x 2>&1'  || echo "exit code $?"
  run --volume "$dir:/host" --volume "$dir/file:/one-file:ro" -- sh -c 'cat /host/file /one-file; echo new >/host/new; stat -c %a /host/new'
  cat "$dir/new"
  run --mount "type=bind,source=$dir,target=/a/b/c,readonly" --mount type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=1700 --tmpfs /u:size=2m,exec -- \
    sh -c 'ls /a/b/c; df -k /t /u | tail -n 2; stat -c %a /t; grep -E " /(t|u|a/b/c) " /proc/self/mountinfo | cut -d " " -f 5,6 | sort'
  start --volume "$SCENARIO:/data" -- sleep 1000
  docker run --rm --volumes-from "$SCENARIO" "$IMAGE" cat /data/file
  docker cp "$dir/file" "$SCENARIO:/data/copied"
  docker exec "$SCENARIO" cat /data/copied
  docker cp "$SCENARIO:/data/file" - | tar -tf -
  remove
  docker volume rm "$SCENARIO" >/dev/null
}
scenario_volume_propagation() {
  local dir=$WORK/tmp/$SCENARIO
  mkdir -p "$dir/sub"
  mount --bind "$dir" "$dir"
  mount --make-shared "$dir"
  start --volume "$dir:/shared:rshared" --volume "$dir:/slave:rslave" --volume "$dir:/private" --cap-add SYS_ADMIN -- sleep 1000
  mount -t tmpfs tmpfs "$dir/sub"
  echo new >"$dir/sub/file"
  docker exec "$SCENARIO" sh -c 'ls /shared/sub; ls /slave/sub; ls /private/sub; mkdir /shared/out; mount -t tmpfs tmpfs /shared/out && touch /shared/out/there; ls /private/out' || echo "exit code $?"
  ls "$dir/out"
  docker exec "$SCENARIO" sh -c 'grep -E " /(shared|slave|private)" /proc/self/mountinfo | sed -E "s/(shared|master):[0-9]+/\1/g" | cut -d " " -f 5-7 | sort'
  remove
  umount -l "$dir/out" "$dir/sub" "$dir"
}
scenario_privileged() {
  run --privileged -- sh -c "$SEEN; ls /dev | wc -l; cut -d ' ' -f 5,6 /proc/self/mountinfo | sort; mount -t tmpfs x /tmp && echo mounted"
}
SEEN='grep -E "^(Cap|NoNew|Seccomp:)" /proc/self/status'
scenario_security() {
  run --cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-drop CHOWN -- sh -c "$SEEN"
  run --cap-drop ALL -- sh -c "$SEEN; chown 1 /tmp 2>&1" || echo "exit code $?"
  run --user user --cap-add NET_RAW -- sh -c "$SEEN"
  run --security-opt no-new-privileges -- sh -c "$SEEN"
  run --security-opt seccomp=unconfined -- sh -c "$SEEN"
  run --security-opt systempaths=unconfined -- sh -c 'cut -d " " -f 5,6 /proc/self/mountinfo | grep /proc'
  echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}' >"$WORK/tmp/$SCENARIO"
  run --security-opt "seccomp=$WORK/tmp/$SCENARIO" -- mkdir /x 2>&1 || echo "exit code $?"
  run --read-only --tmpfs /tmp -- sh -c 'touch /x 2>&1; touch /tmp/x && echo written' || echo "exit code $?"
}
scenario_namespaces() {
  run --pid host -- sh -c 'test "$(cat /proc/1/comm)" != sh && echo pids of the host'
  run --uts host -- sh -c 'hostname >/dev/null && echo uts'
  run --ipc none -- sh -c 'ls /dev/shm 2>&1' || echo "exit code $?"
  start --ipc shareable -- sleep 1000
  docker exec "$SCENARIO" touch /dev/shm/shared
  docker run --rm --ipc "container:$SCENARIO" --pid "container:$SCENARIO" "$IMAGE" sh -c 'ls /dev/shm; cat /proc/1/comm'
  remove
  run --ipc host -- sh -c 'ls -d /dev/shm'
  run --cgroupns private -- sh -c 'cut -d : -f 2,3 /proc/self/cgroup | sort; cut -d " " -f 4-6 /proc/self/mountinfo | grep cgroup/ | sort'
  run --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=4096 -- cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax
  ends_with 125 run --sysctl kernel.no_such=1 -- true
  run --cgroup-parent /mine -- sh -c 'cut -d : -f 3 /proc/self/cgroup | grep -c "^/mine/"'
}
scenario_commit_and_export() {
  start -- sh -c 'echo changed >/file; sleep 1000'
  eventually docker exec "$SCENARIO" test -s /file
  docker diff "$SCENARIO"
  docker commit "$SCENARIO" "$SCENARIO" >/dev/null
  docker run --rm "$SCENARIO" cat /file
  docker export "$SCENARIO" | tar -xOf - file
  docker rename "$SCENARIO" "$SCENARIO-2"
  docker exec "$SCENARIO-2" cat /file
  remove "$SCENARIO-2"
}
scenario_many() {
  local i
  for i in {1..20}; do docker run --rm --name "$SCENARIO-$i" "$IMAGE" sh -c "echo $i; sleep 0.$i" & done | sort -n
  wait
  docker ps -aq --filter "name=$SCENARIO"
}
