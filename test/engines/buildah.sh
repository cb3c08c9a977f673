# shellcheck shell=bash disable=SC2016,SC2086,SC2153
# Buildah: RUN of a Containerfile, and `buildah run`, which gives it a terminal, users, volumes and limits.
# images: busybox
BUSYBOX=docker.io/library/runts-busybox:latest
export BUILDAH_ISOLATION=oci BUILDAH_RUNTIME=$RUNTIME
BUILDAH=(buildah --root "$WORK/storage" --runroot /run/containers/storage --storage-driver overlay)
printf '[containers]\ndefault_ulimits = []\n' >"$WORK/containers.conf"
export CONTAINERS_CONF=$WORK/containers.conf

engine_versions() {
  buildah --version
  "$RUNTIME" --version | sed 2,\$d
}
engine_start() {
  # Root of a user namespace is an ordinary user here.
  chmod o+x "$WORK" "$WORK/tmp" "$(dirname "$WORK")"
  buildah pull --quiet "docker-archive:$IMAGES/busybox.tar" >/dev/null
}
engine_stop() {
  buildah rm --all >/dev/null
  buildah rmi --all --force >/dev/null
  umount "$WORK/storage/overlay" 2>/dev/null || :
}
buildah() { command "${BUILDAH[@]}" "$@"; }
# Buildah asks for ambient capabilities that are not inheritable. That nobody can grant them is a warning of runts, as the
# specification and later versions of runc have it; runc 1.1 passes over it.
without_warnings() { grep -v 'ambient: ignored' || :; }
# told WORDS...: as `both`
told() { both buildah "$@" | without_warnings; }
# working FLAG...: a working container
working() { buildah from --pull-never "$@" $BUSYBOX; }

scenario_run() {
  local box
  box=$(working)
  told run "$box" -- sh -c 'echo out; id; pwd; umask; hostname | wc -c; exit 3'
  told run --user 1000:1000 --workingdir /tmp "$box" -- sh -c 'id; pwd'
  told run --env A=1 --hostname there "$box" -- sh -c 'echo $A; hostname'
  told run --volume "$WORK/tmp:/host:ro" "$box" -- sh -c 'touch /host/x'
  told run --mount type=tmpfs,destination=/scratch "$box" -- grep -c /scratch /proc/self/mounts
  told run --cap-add NET_ADMIN --cap-drop CHOWN "$box" -- grep ^Cap /proc/self/status
  echo typed | buildah run "$box" -- cat
  buildah run "$box" -- sh -c '(yes; echo $? >/tmp/code) | head -n 1; cat /tmp/code'
  told run "$box" -- grep -E '^(Sig[BIC]|Seccomp:|NoNew)' /proc/self/status
  told run "$box" -- test -e /no/such/file
}
scenario_missing_program() {
  local box code=0
  box=$(working)
  buildah run "$box" -- /no/such/program >/dev/null 2>&1 || code=$?
  echo "exit code $code"
}
scenario_terminal() {
  local box
  box=$(working)
  ends_with 4 on_terminal "${BUILDAH[@]}" run --tty "$box" -- sh -c 'test -t 0 && test -t 1 && tty; exit 4' | without_warnings
}
scenario_build() {
  mkdir -p "$WORK/tmp/build"
  echo given >"$WORK/tmp/build/file"
  cat >"$WORK/tmp/build/Containerfile" <<END
FROM $BUSYBOX
ARG WHAT=world
RUN echo hello \$WHAT | tee /made
COPY file /given
USER 1000:1000
WORKDIR /tmp
RUN id; touch mine && stat -c %u:%g mine
RUN --mount=type=bind,target=/context cat /context/file
RUN ["/bin/echo", "exec form"]
END
  build -t localhost/built "$WORK/tmp/build"
  echo "FROM $BUSYBOX
RUN exit 3" >"$WORK/tmp/build/Containerfile"
  build "$WORK/tmp/build"
}
# build FLAG...: what its programs say, and the exit code
build() {
  local code=0
  buildah build --quiet --no-cache --layers=false "$@" >"$WORK/tmp/out" 2>/dev/null || code=$?
  grep -v -E '^([0-9a-f]{64}|STEP|COMMIT|-->|Getting|Writing|Storing|Copying)' "$WORK/tmp/out" || :
  echo "exit code $code"
}
scenario_limits() {
  local box
  box=$(working --memory 64m --ulimit nofile=100:200 --cpu-shares 512)
  buildah run "$box" -- grep 'open files' /proc/self/limits
  buildah run "$box" -- sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null | head -n 1'
}
scenario_user_namespace() {
  local box
  box=$(working --userns-uid-map 0:100000:5000 --userns-gid-map 0:200000:5000)
  buildah run "$box" -- sh -c 'cat /proc/self/uid_map; id; touch /x && stat -c %u:%g /x'
}
scenario_network() {
  local box
  box=$(working)
  buildah run --network none "$box" -- sh -c 'ip -o link | wc -l'
  buildah run --network host "$box" -- sh -c 'ip -o link | wc -l'
}
