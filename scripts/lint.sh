#!/bin/bash
# lint.sh [biome|clang-format|types]...: the checks of form, all three without an argument. Quiet when all is well.
set -uo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- biome clang-format types
state=0
for check; do
  case $check in
    biome) node_modules/.bin/biome check --error-on-warnings --log-level=warn . || state=1 ;;
    clang-format)
      find addon bench test -name '*.c' -o -name '*.cc' -o -name '*.h' | grep -v '\.gen\.h$' |
        xargs -r clang-format --dry-run -Werror || state=1
      ;;
    types) node_modules/.bin/tsc -p . || state=1 ;;
  esac
done
exit $state
