#!/bin/bash
# A hundred containers one after the other, made by systemd, changed and deleted: nothing is left, and systemd has not grown.
# lab: --init systemd
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"
no_unit() { [ -z "$(systemctl list-units --all --plain --no-legend "$1")" ]; }
systemd_memory() { awk '/^VmRSS/ {print $2}' /proc/1/status; }

make_bundle /root/cycle "
  config.process.args = ['sleep', '100'];
  config.linux.cgroupsPath = 'labtest-cycles.slice:runts:cycle';
  config.linux.resources.memory = {limit: 67108864};
  config.linux.resources.pids = {limit: 20};
"
# The first ones have systemd set up what it then keeps.
check 'twenty' node /src/test/lab/cycles.ts /root/cycle 20
before=$(systemd_memory)
check 'a hundred lives in one process, with no file left open' node /src/test/lab/cycles.ts /root/cycle 100
cat /tmp/check.log
grown=$(($(systemd_memory) - before))
echo "        systemd: $before kB, $grown kB more after a hundred"
equal 'systemd has not grown' yes "$([ $grown -lt 1000 ] && echo yes)"
check 'and has no unit of them' no_unit 'runts-cycle*'
check 'nor a slice' no_unit 'labtest*'

nothing_left labtest
finish
