#!/bin/bash
# test.sh SUITE...: runs suites (lint, unit, native, integration, resident, engines, lab, conformance) one after the other, all of them even when one fails,
# and ends with "N passed, N failed" over them. `test.sh sum SUITE...` only sums up what earlier runs left in build/results.
set -uo pipefail
cd "$(dirname "$0")/.."
results=build/results
mkdir -p "$results"
[ -t 1 ] || export NO_COLOR=1

# Each suite prints what it does and leaves "PASSED FAILED SKIPPED" in $results/SUITE.
# step NAME COMMAND...: one check of a suite that counts its own.
step() {
  local began=$SECONDS
  if "${@:2}"; then
    passed=$((passed + 1)) && echo " ok   $1 ($((SECONDS - began)) s)"
  else
    failed=$((failed + 1)) && echo " FAIL $1"
  fi
}
quietly() { # shows the output only when the command fails
  local output
  output=$("$@" 2>&1) || { printf '%s\n' "$output"; return 1; }
}
count_steps() { echo "$passed $failed 0" >"$results/$suite"; }

lint() {
  step 'format and lint, TypeScript' scripts/lint.sh biome
  step 'format, C and C++' scripts/lint.sh clang-format
  step 'types' scripts/lint.sh types
  count_steps
}
vitest() {
  RUNTS_COUNTS=$results/$suite node_modules/.bin/node node_modules/vitest/vitest.mjs run --project "$@"
}
unit() { vitest unit; }
integration() { vitest integration; }
# Through an agent, what is about processes and those who start them: the rest is the same code. All of it: `make test-resident`.
resident() {
  local subjects=(exec exec-edge hooks inheritance isolation kill-anytime lifecycle notify pause process reliability run
    state-matrix stress terminal)
  local files=("${subjects[@]/#/test/integration/}")
  RUNTS_TEST_AGENT=1 vitest integration "${files[@]/%/.test.ts}"
}
native() {
  local program
  for program in build/native-test/*_test; do
    step "$(basename "$program")" quietly "$program"
  done
  count_steps
}
engines() {
  local script counts sum=(0 0 0) i
  for script in test/engines/*.sh; do
    echo "- $(basename "$script" .sh)"
    rm -f "$results/engine"
    RUNTS_COUNTS=$results/engine test/engines/run "$(basename "$script" .sh)"
    # An engine that broke down before it could count is one failure.
    read -r -a counts 2>/dev/null <"$results/engine" || counts=(0 1 0)
    for i in 0 1 2; do sum[i]=$((sum[i] + counts[i])); done
  done
  echo "${sum[*]}" >"$results/$suite"
}
# As many guests at once as there are processors, two at most: a guest has one. What it said comes when it has ended.
lab() {
  local script name counts guests=2
  [ "$(nproc)" -gt 1 ] || guests=1
  test/lab/uml --build || return
  for script in test/lab/*.test.sh; do
    while [ "$(jobs -rp | wc -l)" -ge $guests ]; do wait -n; done
    in_guest "$(basename "$script" .test.sh)" "$script" &
  done
  wait
  for script in test/lab/*.test.sh; do
    name=$(basename "$script" .test.sh)
    read -r -a counts 2>/dev/null <"$results/lab.$name" || counts=(0 1)
    passed=$((passed + counts[0])) failed=$((failed + counts[1]))
  done
  count_steps
}
in_guest() {
  local output
  rm -f "$results/lab.$1"
  output=$(
    step "$1" test/lab/run "$2" 2>&1
    echo "$passed $failed" >"$results/lab.$1"
  )
  printf '%s\n' "$output"
}

conformance() {
  step 'format, Go' test -z "$(gofmt -l test/conformance)"
  scripts/validation-programs.sh || return
  local runtimes=("$PWD/dist/runts" "$(PATH=$PATH:/usr/sbin type -P runc)" "$(type -P crun)")
  judge validation "$PWD/build/validation/bin" "$PWD/build/validation/logs" || return
  judge checks || return
  count_steps
}
# judge NAME ARGUMENT...: builds test/conformance/NAME and adds what it counts.
judge() {
  local program=build/conformance/$1 counted_passed counted_failed
  echo "-- $1"
  GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$PWD/build/go-cache GOFLAGS= go build -o "$program" "./test/conformance/$1" || return
  "$program" "test/conformance/$1/expected.txt" "${@:2}" "${runtimes[@]}" | tee "$program.log"
  read -r counted_passed _ counted_failed _ < <(tail -n 1 "$program.log")
  passed=$((passed + counted_passed)) failed=$((failed + counted_failed))
}

if [ "${1:-}" = sum ]; then
  shift
else
  for suite; do
    echo "== $suite"
    passed=0 failed=0
    rm -f "$results/$suite"
    "$suite"
    status=$?
    # A suite that broke down before it could count, or after it had counted no failure, is one failure.
    read -r passed failed skipped <"$results/$suite" || passed=0 failed=0 skipped=0
    [ $status = 0 ] || [ "$failed" != 0 ] || failed=1
    echo "$passed $failed $skipped" >"$results/$suite"
  done
fi 2>&1

passed=0 failed=0 skipped=0
for suite; do
  read -r p f s <"$results/$suite" || { p=0 f=1 s=0; }
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
echo "$passed passed, $failed failed$([ $skipped = 0 ] || echo ", $skipped skipped")"
[ $failed = 0 ] && [ $passed != 0 ]
