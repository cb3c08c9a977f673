# shellcheck shell=bash
# Sourced: what an engine and its runtime leave in a world: mounts, cgroups, files below /run, and processes.

# things: all that is there, one a line. Names that are random are made equal, so that two runtimes can be compared.
things() {
  awk '{print "mount " $5}' /proc/self/mountinfo
  find /sys/fs/cgroup -mindepth 1 -type d -printf 'cgroup %p\n'
  # A runtime may keep compiled seccomp filters for the next container.
  find /run -mindepth 1 -name 'seccomp@*' -prune -o -printf 'file %p\n'
}
# processes: all but the first of the world and this shell. No other program is used for it, so that none is seen.
processes() {
  local dir pid words
  for dir in /proc/[1-9]*; do
    pid=${dir#/proc/}
    if [ "$pid" = 1 ] || [ "$pid" = "$BASHPID" ] || ! mapfile -d '' -t words 2>/dev/null <"$dir/cmdline"; then continue; fi
    [ ${#words[@]} = 0 ] || echo "process ${words[*]}"
  done
}
note_before() { things | sort -u >"$WORK/before"; }
note_leaks() {
  # What ends by itself after its engine has a moment for that.
  local i
  for ((i = 0; i < 100; i++)); do
    no_processes && break
    sleep 0.1
  done
  processes >"$WORK/after"
  things >>"$WORK/after"
  sort -u "$WORK/after" | comm -13 "$WORK/before" - | sed -E "s/[0-9a-f]{32,64}/ID/g; s#/fifo/[0-9]+#/fifo/N#; s#/(runc|runts)(/|\$)#/RUNTIME\2#; s|(/RUNTIME/ID)/.*|\1|" | sort -u >"$WORK/leaks"
}
no_processes() { [ -z "$(processes)" ]; }
