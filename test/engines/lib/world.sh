#!/bin/bash
# world.sh SCENARIO...: the first process of new namespaces of all kinds but "user": makes /run, /sys, cgroups and network private, starts
# the engine, runs the scenarios, stops the engine, and notes what is left. So nothing of it can reach or outlive the rest of the machine.
set -euo pipefail
here=$PROJECT/test/engines
# shellcheck source=cgroups.sh
. "$here/lib/cgroups.sh"
# shellcheck source=leaks.sh
. "$here/lib/leaks.sh"

mount -t tmpfs -o mode=755 tmpfs /run
mkdir -m 1777 /run/lock
mount_cgroups
ip link set lo up
export TMPDIR=$WORK/tmp HOME=$WORK/home
mkdir -p "$HOME"

# shellcheck source=scenario.sh
. "$here/lib/scenario.sh"
# shellcheck source=/dev/null
. "$here/$ENGINE.sh"
# The agent serves the calls of engines with runts (docs/resident.md).
if [ "$RUNTIME_NAME" = runts ] && [ -n "${ENGINES_AGENT:-}" ]; then
  daemon agent "$RUNTIME" --debug agent
  eventually test -S /run/runts/agent@socket
fi
note_before
engine_versions >"$WORK/versions" 2>&1
engine_start
for name; do
  began=${EPOCHREALTIME/./}
  timeout --kill-after=5 "${SCENARIO_TIMEOUT:-120}" "$here/lib/one.sh" "$name" \
    >"$WORK/results/$name.out" 2>"$WORK/results/$name.err" && code=0 || code=$?
  echo "$code $((${EPOCHREALTIME/./} - began))" >"$WORK/results/$name.end"
  if [ -n "${ENGINES_VERBOSE:-}" ]; then
    echo "$RUNTIME_NAME $name: $code" >&2
    [ "$code" = 0 ] || cat "$WORK/results/$name".{out,err} >&2
  fi
done
engine_stop
if [ -e "$WORK/agent.pid" ]; then
  stop_daemon agent
  # Nothing is shown by scenarios that went without it. Rootless Podman and Buildah call from namespaces of their own, and so have to.
  grep -o 'agent: [0-9]* calls answered, [0-9]* declined' "$WORK/agent.log" >>"$WORK/versions"
  [[ $ENGINE = podman-rootless || $ENGINE = buildah ]] || grep -q 'agent: [1-9]' "$WORK/versions" || fail 'the agent has answered no call'
fi
note_leaks
