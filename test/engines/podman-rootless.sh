# shellcheck shell=bash disable=SC2016,SC2086,SC2153,SC2034
# Podman of an ordinary user, with subordinate ids and newuidmap. The user is there in the world only.
# images: busybox
# shellcheck source=lib/podman.sh
. "$PROJECT/test/engines/lib/podman.sh"
NUMBER=54321
OWN=$WORK/user
USERS_RUN=/run/user/$NUMBER
CONTAINERS_CONF=$OWN/containers.conf
AS_USER=(setpriv --reuid "$NUMBER" --regid "$NUMBER" --clear-groups --inh-caps=-all env -i "HOME=$OWN" "PATH=$PATH"
  "XDG_RUNTIME_DIR=$USERS_RUN" "CONTAINERS_CONF=$CONTAINERS_CONF" TERM=xterm "TMPDIR=$OWN/tmp" LC_ALL=C.UTF-8)
PODMAN=("${AS_USER[@]}" podman --log-level error --root "$OWN/storage" --runroot "$USERS_RUN/containers" --tmpdir "$USERS_RUN/libpod/tmp"
  --storage-driver vfs --cgroup-manager cgroupfs --events-backend file --runtime "$RUNTIME")

engine_start() {
  local file
  # The directory of the world is root's alone.
  chmod o+x "$WORK" "$(dirname "$WORK")"
  mkdir -p "$OWN/tmp" "$WORK/etc" "$USERS_RUN"
  for file in passwd group subuid subgid; do
    cp "/etc/$file" "$WORK/etc/$file"
    mount --bind "$WORK/etc/$file" "/etc/$file"
  done
  echo "runts-tester:x:$NUMBER:$NUMBER::$OWN:/bin/sh" >>"$WORK/etc/passwd"
  echo "runts-tester:x:$NUMBER:" >>"$WORK/etc/group"
  echo 'runts-tester:1000000:65536' | tee -a "$WORK/etc/subuid" >>"$WORK/etc/subgid"
  printf '[containers]\ndefault_ulimits = []\n[engine]\ncgroup_manager = "cgroupfs"\n' >"$CONTAINERS_CONF"
  chown -R "$NUMBER:$NUMBER" "$OWN" "$USERS_RUN"
  chmod 700 "$USERS_RUN"
  podman load --quiet --input "$IMAGES/busybox.tar" >/dev/null
}
engine_stop() {
  podman pod rm --all --force --time 0 >/dev/null
  eventually podman rm --all --force --time 0
  podman rmi --all --force >/dev/null
  # Ends the process that keeps the user's namespaces.
  podman system migrate
  umount /etc/passwd /etc/group /etc/subuid /etc/subgid
}

scenario_run() {
  equal hi "$(run $BUSYBOX echo hi)"
  both run -e A=1 -w /tmp --user 1000:1000 $BUSYBOX sh -c 'echo $A; pwd; id'
  both run $BUSYBOX sh -c 'id; cat /proc/self/uid_map /proc/self/gid_map; grep -E "^(Cap|Secc|NoNew|Sig[BI])" /proc/self/status'
  seq 1 20000 | run -i $BUSYBOX md5sum
  run $BUSYBOX sh -c '(yes; echo $? >/tmp/code) | head -n 1; cat /tmp/code'
}
scenario_exit_codes() {
  ends_with 42 run $BUSYBOX sh -c 'exit 42'
  ends_with 137 run $BUSYBOX sh -c 'exit 137'
  why run $BUSYBOX /no/such/program
  why run $BUSYBOX nosuch
  why run $BUSYBOX /etc/passwd
}
scenario_life() {
  start $BUSYBOX sh -c 'trap "echo asked; exit 7" TERM; echo begun; while :; do sleep 0.1; done'
  eventually said begun
  state
  podman stop -t 10 "$SCENARIO" >/dev/null
  state
  podman restart -t 10 "$SCENARIO" >/dev/null
  podman kill -s KILL "$SCENARIO" >/dev/null
  podman wait "$SCENARIO"
  podman logs "$SCENARIO" | sort -u
  podman rm -f -t 0 "$SCENARIO" >/dev/null
  both podman container exists "$SCENARIO"
}
scenario_pause() {
  start $BUSYBOX sleep 1000
  podman pause "$SCENARIO" >/dev/null
  state
}
scenario_exec() {
  start $BUSYBOX sleep 1000
  both podman exec "$SCENARIO" sh -c 'echo out; echo err >&2; exit 42'
  both podman exec -u 1000:1000 -w /tmp -e A=1 "$SCENARIO" sh -c 'id; pwd; echo $A'
  both podman exec "$SCENARIO" sh -c 'cat /proc/self/uid_map; grep ^Cap /proc/self/status'
  echo typed | podman exec -i "$SCENARIO" cat
  why podman exec "$SCENARIO" nosuch
  why podman exec "$SCENARIO" /etc/passwd
  podman top "$SCENARIO" user pid comm | sed 's/  */ /g'
}
scenario_terminal() {
  ends_with 4 on_terminal "${PODMAN[@]}" run --rm -it --network none $BUSYBOX sh -c 'test -t 0 && test -t 1 && tty; ls -l /dev/console | cut -d " " -f 1; exit 4'
  start -t $BUSYBOX sleep 1000
  on_terminal "${PODMAN[@]}" exec -it "$SCENARIO" tty
}
scenario_user_namespaces() {
  both run --userns keep-id $BUSYBOX sh -c 'id -u; id -g; cat /proc/self/uid_map; touch /tmp/x && stat -c %u /tmp/x'
  both run --userns nomap $BUSYBOX sh -c 'id -u; cat /proc/self/uid_map'
  both run --uidmap 0:1:1000 --gidmap 0:1:1000 $BUSYBOX sh -c 'id -u; cat /proc/self/uid_map'
}
scenario_userns_auto() { both run --userns auto:size=2048 $BUSYBOX sh -c 'cat /proc/self/uid_map; id -u'; }
scenario_userns_host() { both run --userns host $BUSYBOX cat /proc/self/uid_map; }
scenario_volumes() {
  local host=$OWN/tmp/host option
  mkdir -p "$host"
  echo content >"$host/file"
  chown -R "$NUMBER:$NUMBER" "$host"
  for option in rw ro rslave rshared noexec; do
    echo "-- $option"
    both run -v "$host:/host:$option" $BUSYBOX sh -c 'cat /host/file; stat -c %u /host/file; touch /host/new 2>&1 && rm /host/new'
  done
  both run --read-only --tmpfs /scratch:size=64k $BUSYBOX sh -c 'touch /x 2>&1; touch /scratch/x && echo scratch'
  both run --device /dev/null:/dev/nil $BUSYBOX sh -c 'echo x >/dev/nil && ls -l /dev/nil | cut -c 1'
  podman volume create "$SCENARIO" >/dev/null
  run -v "$SCENARIO:/data" $BUSYBOX sh -c 'echo kept >/data/file'
  run -v "$SCENARIO:/data" $BUSYBOX cat /data/file
}
scenario_security() {
  both run --cap-drop ALL $BUSYBOX grep ^Cap /proc/self/status
  both run --cap-add ALL $BUSYBOX grep ^CapEff /proc/self/status
  both run --security-opt no-new-privileges $BUSYBOX grep NoNewPrivs /proc/self/status
  both run --security-opt seccomp=unconfined $BUSYBOX grep Seccomp: /proc/self/status
  both run --privileged $BUSYBOX grep -E '^(CapEff|Seccomp:)' /proc/self/status
  both run --ulimit nofile=100:200 $BUSYBOX grep 'open files' /proc/self/limits
  both run --sysctl net.ipv4.ip_forward=1 $BUSYBOX cat /proc/sys/net/ipv4/ip_forward
  both run --hostname there $BUSYBOX hostname
  both run --init $BUSYBOX cat /proc/1/comm
}
scenario_host_namespaces() {
  both run --pid host $BUSYBOX sh -c 'test -d /proc/1 && echo there'
  both run --ipc host --uts host $BUSYBOX echo hi
  both podman run --rm --network host $BUSYBOX sh -c 'ip -o link | wc -l'
}
scenario_network_slirp() { podman run --rm --network slirp4netns $BUSYBOX sh -c 'ip -o addr show tap0 | grep -c "inet "'; }
scenario_pod() {
  podman pod create --name "$SCENARIO" --network none >/dev/null
  podman run -d --pod "$SCENARIO" --name "$SCENARIO-1" $BUSYBOX sh -c 'echo one >/dev/shm/word; sleep 1000' >/dev/null
  podman run -d --pod "$SCENARIO" --name "$SCENARIO-2" $BUSYBOX sleep 1001 >/dev/null
  eventually podman exec "$SCENARIO-2" cat /dev/shm/word
  podman pod rm -f -t 0 "$SCENARIO" >/dev/null
}
scenario_build() {
  mkdir -p "$OWN/tmp/build"
  printf 'FROM %s\nRUN id >/made; umask >>/made\nUSER 1000\nRUN id >/tmp/made\nCMD ["cat", "/made", "/tmp/made"]\n' $BUSYBOX >"$OWN/tmp/build/Containerfile"
  podman build -q --network none --isolation oci -t localhost/built "$OWN/tmp/build" >/dev/null
  run localhost/built
}
scenario_limits() { run -m 64m --pids-limit 50 $BUSYBOX echo hi; }
scenario_twenty_at_once() {
  local i
  for i in {1..20}; do run --name "$SCENARIO-$i" $BUSYBOX echo "$i" >"$WORK/tmp/$i.out" & done
  wait
  for i in {1..20}; do cat "$WORK/tmp/$i.out"; done
}
