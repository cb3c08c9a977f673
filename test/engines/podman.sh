# shellcheck shell=bash disable=SC2016,SC2064,SC2069,SC2086,SC2206,SC2153,SC2119,SC2120
# Podman through conmon, as root: what a container is given, and its life.
# images: busybox
# shellcheck source=lib/podman.sh
. "$PROJECT/test/engines/lib/podman.sh"

# ---- a life

scenario_run() {
  equal hi "$(run $BUSYBOX echo hi)"
  both run -e A=1 -w /tmp --user 1000:2000 $BUSYBOX sh -c 'echo $A; pwd; id; umask; echo err >&2'
  both run --user user --group-add 2000 $BUSYBOX id
  run --entrypoint '["echo", "from"]' $BUSYBOX entrypoint
  echo typed | run -i $BUSYBOX sh -c 'read -r word; echo $word; wc -c'
  seq 1 20000 | run -i $BUSYBOX md5sum
}
scenario_exit_codes() {
  ends_with 42 run $BUSYBOX sh -c 'exit 42'
  ends_with 137 run $BUSYBOX sh -c 'exit 137'
  ends_with 143 run --init $BUSYBOX sh -c 'kill -TERM $$'
  why run $BUSYBOX /no/such/program
  why run $BUSYBOX nosuch
  why run $BUSYBOX /etc/passwd
  why run -w /bin/sh $BUSYBOX true
  why run --user nobody-knows $BUSYBOX true
}
scenario_life() {
  start $BUSYBOX sh -c 'trap "echo asked; exit 7" TERM; echo begun; while :; do sleep 0.1; done'
  eventually said begun
  state
  podman pause "$SCENARIO" >/dev/null
  state
  why podman exec "$SCENARIO" true
  podman unpause "$SCENARIO" >/dev/null
  state
  podman stop -t 10 "$SCENARIO" >/dev/null
  state
  podman start "$SCENARIO" >/dev/null
  eventually restarted
  podman logs "$SCENARIO"
  podman restart -t 10 "$SCENARIO" >/dev/null
  state
  podman rm -f -t 0 "$SCENARIO" >/dev/null
  both podman container exists "$SCENARIO"
}
restarted() { [ "$(podman logs "$SCENARIO" | grep -c begun)" = 2 ]; }
scenario_create_start_wait() {
  podman create --name "$SCENARIO" --network none $BUSYBOX sh -c 'echo out; sleep 0.3; exit 5' >/dev/null
  state
  podman init "$SCENARIO" >/dev/null
  state
  podman start "$SCENARIO" >/dev/null
  podman wait "$SCENARIO"
  both podman start -a "$SCENARIO"
  podman rm "$SCENARIO" >/dev/null
}
scenario_restart_policy() {
  start --restart on-failure:2 $BUSYBOX sh -c 'echo begun; exit 3'
  eventually thrice
  sleep 1
  podman logs "$SCENARIO"
  podman inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}' "$SCENARIO"
}
thrice() { [ "$(podman logs "$SCENARIO" | grep -c begun)" = 3 ]; }
scenario_signals() {
  local signal
  for signal in HUP USR1 SIGINT 12 RTMIN+3; do
    podman run --replace -d --name "$SCENARIO" --network none $BUSYBOX sh -c '
      for s in HUP USR1 INT USR2 37; do trap "echo got $s; exit 9" $s; done; echo ready; while :; do sleep 0.1; done' >/dev/null
    eventually said ready
    podman kill -s "$signal" "$SCENARIO" >/dev/null
    podman wait "$SCENARIO"
    podman logs "$SCENARIO"
  done
  podman run --replace -d --name "$SCENARIO" --stop-signal USR1 --network none $BUSYBOX sh -c 'trap "exit 11" USR1; echo ready; while :; do sleep 0.1; done' >/dev/null
  eventually said ready
  podman stop -t 10 "$SCENARIO" >/dev/null
  state
}
# A program that ignores SIGTERM is killed at last; its whole pid namespace goes with it.
scenario_stop_kills() {
  start $BUSYBOX sh -c 'trap "" TERM; sleep 1000 & echo ready; wait; sleep 1000'
  eventually said ready
  podman stop -t 1 "$SCENARIO" >/dev/null 2>&1
  state
}
# conmon ignores SIGPIPE: that must not get into containers.
scenario_signals_are_reset() {
  run $BUSYBOX grep ^Sig...: /proc/self/status | grep -v SigQ
  run $BUSYBOX sh -c '(yes; echo $? >/tmp/code) | head -n 1; cat /tmp/code'
  start $BUSYBOX sleep 1000
  podman exec "$SCENARIO" grep ^Sig...: /proc/self/status | grep -v SigQ
  podman exec "$SCENARIO" sh -c '(yes; echo $? >/tmp/code) | head -n 1; cat /tmp/code; umask'
}
scenario_prune() {
  start $BUSYBOX true
  eventually ended
  podman container prune -f | wc -l
  podman system prune -f >/dev/null
  both podman container exists "$SCENARIO"
}
scenario_events() {
  podman run --name "$SCENARIO" --network none $BUSYBOX true
  podman start -a "$SCENARIO"
  podman rm "$SCENARIO" >/dev/null
  podman events --stream=false --filter "container=$SCENARIO" --format '{{.Status}}' | sort
}
scenario_twenty_at_once() {
  local i
  for i in {1..20}; do run --name "$SCENARIO-$i" $BUSYBOX echo "$i" >"$WORK/tmp/$i.out" & done
  wait
  for i in {1..20}; do cat "$WORK/tmp/$i.out"; done
}
scenario_checkpoint() {
  start $BUSYBOX sh -c 'i=0; while :; do i=$((i + 1)); sleep 0.1; done'
  podman container checkpoint "$SCENARIO" >/dev/null
  state
  podman container restore "$SCENARIO" >/dev/null
  state
}

# ---- looking at containers

scenario_exec() {
  start $BUSYBOX sleep 1000
  both podman exec "$SCENARIO" sh -c 'echo out; echo err >&2; exit 42'
  both podman exec -u 1000:1000 -w /tmp -e A=1 "$SCENARIO" sh -c 'id; pwd; echo $A; hostname | wc -c'
  both podman exec -u user:more "$SCENARIO" id
  both podman exec --privileged "$SCENARIO" grep ^Cap /proc/self/status
  echo typed | podman exec -i "$SCENARIO" cat
  why podman exec "$SCENARIO" /no/such/program
  why podman exec "$SCENARIO" nosuch
  why podman exec "$SCENARIO" /etc/passwd
  why podman exec -w /nowhere "$SCENARIO" true
  both podman exec "$SCENARIO" sh -c 'kill -9 $$'
  podman exec -d "$SCENARIO" sh -c 'echo made >/tmp/made' >/dev/null
  eventually podman exec "$SCENARIO" test -s /tmp/made
  podman exec "$SCENARIO" cat /tmp/made
  podman exec "$SCENARIO" cat /proc/self/cgroup | sed 's/[0-9a-f]\{64\}/ID/; s/^[0-9]*//' | sort
}
scenario_terminal() {
  ends_with 4 on_terminal "${PODMAN[@]}" run --rm -it --network none $BUSYBOX sh -c 'test -t 0 && test -t 1 && test -t 2 && tty && echo $TERM; exit 4'
  start -t $BUSYBOX sleep 1000
  on_terminal "${PODMAN[@]}" exec -it "$SCENARIO" sh -c 'tty; ls -l /proc/self/fd/0 | sed "s/.*-> //"'
  podman exec "$SCENARIO" ls /dev/console
}
scenario_attach() {
  start -i $BUSYBOX sh -c 'read -r word; echo "got $word"; exit 6'
  echo hello | both podman attach "$SCENARIO"
  podman run --replace -d --name "$SCENARIO" --network none $BUSYBOX sh -c 'trap "echo term; exit 3" TERM; while :; do sleep 0.1; done' >/dev/null
  sleep 0.5
  both podman attach --sig-proxy=true "$SCENARIO" &
  sleep 0.5
  podman kill -s TERM "$SCENARIO" >/dev/null
  wait $!
}
scenario_logs_top_stats() {
  start $BUSYBOX sh -c 'echo out; echo err >&2; sleep 1000'
  eventually said out
  podman logs "$SCENARIO" 2>/dev/null
  podman logs "$SCENARIO" 2>&1 >/dev/null
  podman logs --tail 1 "$SCENARIO" 2>&1
  podman top "$SCENARIO" user pid comm capeff seccomp | sed 's/  */ /g'
  podman top "$SCENARIO" -o comm,args 2>&1
  podman stats --no-stream --format '{{.Name}} {{.PIDs}}' "$SCENARIO"
  matches '^[1-9].*B / .*B$' "$(podman stats --no-stream --format '{{.MemUsage}}' "$SCENARIO")"
  podman ps --format '{{.Names}} {{.Command}}' --filter "name=$SCENARIO"
}
scenario_inspect() {
  start --pidfile "$WORK/tmp/pid" $BUSYBOX sleep 1000
  equal "$(pid)" "$(cat "$WORK/tmp/pid")"
  podman inspect -f '{{.State.Status}} {{.State.Running}} {{.State.Paused}} {{.State.OOMKilled}} {{.OCIRuntime}}' "$SCENARIO" | sed "s|$RUNTIME|RUNTIME|"
  kill -9 "$(pid)"
  eventually ended
  podman inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$SCENARIO"
}
# conmon, killed: Podman finds out what became of the container from the runtime.
scenario_conmon_killed() {
  start $BUSYBOX sleep 1000
  kill -9 "$(podman inspect -f '{{.State.ConmonPid}}' "$SCENARIO")"
  podman ps -a --filter "name=$SCENARIO" --format '{{.Names}}'
  podman exec "$SCENARIO" echo still there
  podman rm -f -t 0 "$SCENARIO" >/dev/null 2>&1
  both podman container exists "$SCENARIO"
}
scenario_healthcheck() {
  start --health-cmd 'test -e /tmp/well' --health-interval disable --health-retries 1 $BUSYBOX sleep 1000
  both podman healthcheck run "$SCENARIO"
  podman exec "$SCENARIO" touch /tmp/well
  both podman healthcheck run "$SCENARIO"
  podman inspect -f '{{.State.Health.Status}}' "$SCENARIO"
}
scenario_cp() {
  echo content >"$WORK/tmp/file"
  start $BUSYBOX sleep 1000
  podman cp "$WORK/tmp/file" "$SCENARIO:/tmp/there"
  podman exec "$SCENARIO" cat /tmp/there
  podman cp "$SCENARIO:/etc/passwd" "$WORK/tmp/passwd"
  cat "$WORK/tmp/passwd"
  podman exec "$SCENARIO" rm /tmp/there
  podman diff "$SCENARIO" | sort
  podman commit -q "$SCENARIO" localhost/committed >/dev/null
  run localhost/committed cat /etc/group
  podman rmi localhost/committed >/dev/null
}
scenario_mount_and_export() {
  start $BUSYBOX sh -c 'echo made >/tmp/made; sleep 1000'
  eventually podman exec "$SCENARIO" test -s /tmp/made
  podman export "$SCENARIO" | tar -xO tmp/made
  cat "$(podman mount "$SCENARIO")/tmp/made"
  podman umount "$SCENARIO" >/dev/null
}

# ---- images and pods

scenario_build() {
  mkdir -p "$WORK/tmp/build"
  echo given >"$WORK/tmp/build/file"
  cat >"$WORK/tmp/build/Containerfile" <<END
FROM $BUSYBOX
ARG WHAT=world
ENV NAME=\$WHAT
RUN echo hello \$NAME >/made && id && umask && hostname | wc -c
COPY file /given
USER 1000:1000
WORKDIR /tmp
RUN id; touch mine; grep -E '^(Cap|Seccomp:|NoNew)' /proc/self/status
RUN --mount=type=tmpfs,target=/scratch grep -c /scratch /proc/self/mounts
RUN (yes; echo \$? >/tmp/code) | head -n 1; cat /tmp/code
ENTRYPOINT ["cat"]
CMD ["/made", "/given"]
END
  podman build -q --network none --isolation oci -t localhost/built "$WORK/tmp/build" >/dev/null
  podman build --no-cache --network none --isolation oci -t localhost/built "$WORK/tmp/build" 2>/dev/null | grep -v -E '^(-->|STEP|COMMIT|Successfully|[0-9a-f]{64})'
  run localhost/built
  echo 'FROM runts-busybox
RUN exit 3' >"$WORK/tmp/build/Containerfile"
  both podman build -q --network none --isolation oci "$WORK/tmp/build" | tail -n 1
  podman rmi localhost/built >/dev/null
  podman image prune -f >/dev/null
}
scenario_pod() {
  podman pod create --name "$SCENARIO" --network none --hostname pod --share ipc,net,uts,pid >/dev/null
  podman run -d --pod "$SCENARIO" --name "$SCENARIO-1" $BUSYBOX sh -c 'echo one >/dev/shm/word; nc -l -p 80 -e cat; sleep 1000' >/dev/null
  podman run -d --pod "$SCENARIO" --name "$SCENARIO-2" $BUSYBOX sleep 1001 >/dev/null
  eventually podman exec "$SCENARIO-2" cat /dev/shm/word
  podman exec "$SCENARIO-2" hostname
  podman exec "$SCENARIO-2" sh -c 'echo through | nc 127.0.0.1 80'
  podman exec "$SCENARIO-2" ps -o args | grep '^sleep' | sort -u
  same net "$SCENARIO-1" "$SCENARIO-2"
  same mnt "$SCENARIO-1" "$SCENARIO-2"
  podman pod ps --format '{{.Name}} {{.Status}} {{.NumberOfContainers}}'
  podman pod pause "$SCENARIO" >/dev/null
  podman pod inspect "$SCENARIO" | grep '^ *"State":' | head -n 1
  podman pod unpause "$SCENARIO" >/dev/null
  podman pod stop -t 1 "$SCENARIO" >/dev/null 2>&1
  podman pod rm "$SCENARIO" >/dev/null
}
scenario_pod_limits() {
  podman pod create --name "$SCENARIO" --network none --cpus 0.5 --memory 128m >/dev/null
  podman run -d --pod "$SCENARIO" --name "$SCENARIO-1" -m 64m $BUSYBOX sleep 1000 >/dev/null
  cgroup_file "$(podman inspect -f '{{.State.Pid}}' "$SCENARIO-1")" memory memory.limit_in_bytes memory.max
  podman pod rm -f -t 0 "$SCENARIO" >/dev/null
}
scenario_kube_play() {
  cat >"$WORK/tmp/pod.yaml" <<END
apiVersion: v1
kind: Pod
metadata: {name: $SCENARIO}
spec:
  restartPolicy: Never
  containers:
  - name: one
    image: docker.io/library/runts-busybox:latest
    imagePullPolicy: Never
    command: [sh, -c, 'id -u; cat /etc/word; touch /x; sleep 1000']
    env: [{name: A, value: b}]
    resources: {limits: {memory: 64Mi, cpu: 500m}}
    securityContext: {readOnlyRootFilesystem: true, runAsUser: 1000, capabilities: {drop: [ALL]}}
END
  podman play kube --network none "$WORK/tmp/pod.yaml" >/dev/null
  podman exec "$SCENARIO-one" sh -c 'id -u; grep ^CapBnd /proc/self/status; echo $A'
  podman play kube --down "$WORK/tmp/pod.yaml" >/dev/null
}
