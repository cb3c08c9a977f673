# shellcheck shell=bash
# agent-life.sh DRIVER BUNDLE: what a container's life looks like from the command line, told on stdout; with RUNTS_AGENT=always every call that an
# agent can answer goes through it, or fails. DRIVER is --systemd-cgroup, or --log-format=text, which is the default.
driver=$1 bundle=$2
tell() { printf '%s: %s\n' "$1" "$(paste -sd ' ' <<<"$2")"; }
said=$(mktemp)
trap 'rm -f "$said"' EXIT
# Into a file: a container would hold a pipe open.
call() { runts "$@" >"$said" 2>&1 </dev/null; tell "$*" "$? $(sed 's/time="[^"]*"//; s/in use are [0-9]* bytes/in use are so many bytes/' "$said")"; }
limits() { tell limits "$(cd "$cgroup" && cat memory.max pids.max cpu.max)"; }

call "$driver" create --bundle "$bundle" one
path=$(sed -n 's/^0:://p' "/proc/$(runts state one | jq .pid)/cgroup")
cgroup=/sys/fs/cgroup$path
tell cgroup "$path"; limits
call start one
call exec one sh -c 'echo hi; exit 3'
call update --memory 32m --pids-limit 30 one; limits
call pause one
tell state "$(runts state one | jq -r .status)"
call resume one
call list -q
call kill one KILL
for ((i = 0; i < 50; i++)); do [ "$(runts state one | jq -r .status)" != stopped ] || break; sleep 0.1; done
call delete one
tell 'cgroup left' "$(ls -d "$cgroup" 2>/dev/null)"
call "$driver" run --bundle "$bundle/true" two
call "$driver" create --bundle "$bundle/refused" three
call state three
