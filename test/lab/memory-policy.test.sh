#!/bin/bash
# linux.memoryPolicy on a kernel without NUMA, as UML is.
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"

make_bundle /root/policy "config.linux.memoryPolicy = {mode: 'MPOL_BIND', nodes: '0'};"
message=$(runts create --bundle /root/policy policy 2>&1)
equal 'a memory policy is refused' 1 $?
equal 'with the reason' \
  'config.json#/linux/memoryPolicy: set the memory policy: ENOSYS (function not implemented): this kernel is without NUMA (CONFIG_NUMA)' \
  "$(sed 's/.*failed: //; s/"$//' <<<"$message")"
nothing_left policy
finish
