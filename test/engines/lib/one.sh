#!/bin/bash
# one.sh SCENARIO: one scenario, with the functions of its engine. What it prints is its result.
set -Eeuo pipefail
# shellcheck source=scenario.sh
. "$PROJECT/test/engines/lib/scenario.sh"
# shellcheck source=/dev/null
. "$PROJECT/test/engines/$ENGINE.sh"
export SCENARIO=$1
trap 'echo "exit code $? of: $BASH_COMMAND" >&2' ERR
"scenario_$1"
