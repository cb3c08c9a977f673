#!/bin/bash
# The resident agent on cgroup v2 under systemd: root's, started by systemd at the first call, and that of an ordinary user, each with both
# cgroup drivers. All calls go through it, and what they say and do is the same as without it.
# lab: --init systemd
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"
life=/src/test/lab/agent-life.sh

# bundles FOLDER SPEC...: a container that lives, one that ends at once, and one that is refused after its cgroup was made
bundles() {
  make_bundle "$1"
  mkdir "$1/true" "$1/refused"
  jq ".process.args = [\"sh\", \"-c\", \"while :; do sleep 1; done\"] | .root.path = \"$1/rootfs\" |
    .linux.resources = {memory: {limit: 67108864}, pids: {limit: 20}, cpu: {quota: 25000, period: 50000}}" "$1/config.json" >/tmp/config
  mv /tmp/config "$1/config.json"
  jq '.process.args = ["sh", "-c", "echo out; exit 4"]' "$1/config.json" >"$1/true/config.json"
  jq '.linux.resources.unified = {"memory.high": "lots"}' "$1/config.json" >"$1/refused/config.json"
}
# lives NAME CGROUP AS...: with both drivers, without the agent and through it
lives() {
  local driver
  for driver in --systemd-cgroup --log-format=text; do
    "${@:2}" env RUNTS_AGENT=never bash $life $driver "$bundle" >/tmp/direct
    "${@:2}" env RUNTS_AGENT=always bash $life $driver "$bundle" >/tmp/agent
    equal "$1 $driver: the same through the agent" "$(cat /tmp/direct)" "$(cat /tmp/agent)"
    equal "$1 $driver: limits are in force, and nothing is left" 'limits: 67108864 20 25000 50000;limits: 33554432 30 25000 50000;state: paused;cgroup left: ' \
      "$(grep -E '^(limits|state|cgroup left):' /tmp/agent | paste -sd ';')"
  done
}
# answered WHOM LOG: each life is 16 calls or more, with the `finish` of its foreground run; only who went on without the agent is declined.
answered() {
  local count
  count=$(sed -n 's/.*agent: \([0-9]*\) calls answered, \([01]\) declined.*/\1/p' "$2")
  equal "the agent of $1 has answered all of them" yes "$([ "${count:-0}" -ge 32 ] && echo yes || cat "$2")"
}

bundle=/root/bundle
bundles $bundle
# Root's is that of service/, which systemd starts.
for unit in socket service; do
  sed 's|@PREFIX@/bin/runts|/src/dist/runts --debug --log /tmp/root.log|' /src/service/runts-agent.$unit >/run/systemd/system/runts-agent.$unit
done
systemctl daemon-reload
check 'systemd listens' systemctl start runts-agent.socket
check 'the first call has the agent started' runts list
eventually 'it is there' systemctl is-active --quiet runts-agent.service
lives root env
systemctl stop runts-agent.socket runts-agent.service
answered root /tmp/root.log

bundle=/home/lab/bundle
bundles $bundle
chown -R lab: $bundle
as-lab bash -c 'RUNTS_AGENT=never exec runts --debug --log /home/lab/log agent' & agent=$!
eventually 'an agent of the user' test -S /run/user/1000/runts/agent@socket
lives 'as a user' as-lab
kill $agent
wait $agent
answered 'the user' /home/lab/log
nothing_left runts-
finish
