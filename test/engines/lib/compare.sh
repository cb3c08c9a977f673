# shellcheck shell=bash
# Sourced: what became of the scenarios, one line each, and the sum of them.

# report WORK SCENARIO...
report() {
  local work=$1 name passed=0 failed=0 skipped=0
  echo " $(paste -sd ';' "$work/runts/versions" | sed 's/;/; /g')"
  for name in "${@:2}"; do compare "$name"; done
  compare_leaks
  echo "$passed passed, $failed failed, $skipped skipped"
  [ -z "${RUNTS_COUNTS:-}" ] || echo "$passed $failed $skipped" >"$RUNTS_COUNTS"
  [ $failed = 0 ]
}
compare() {
  local name=$1 runc runts took other
  read -r runc other <"$work/runc/results/$1.end"
  read -r runts took <"$work/runts/results/$1.end"
  local times
  times=$(awk '{printf "%.1f s, runc %.1f s", $1 / 1e6, $2 / 1e6}' <<<"$took $other")
  if [ "$runc" != 0 ]; then
    skipped=$((skipped + 1))
    echo " skip $1: runc: $(tail -n 3 "$work/runc/results/$1.err" | paste -sd ' ')$([ "$runts" != 0 ] || echo ' (but runts holds)')"
  elif [ "$runts" != 0 ]; then
    failed=$((failed + 1))
    echo " FAIL $1: exit code $runts ($times)"
    sed 's/^/        /' "$work/runts/results/$1".{out,err}
  elif ! cmp -s <(told_of runc "$1") <(told_of runts "$1"); then
    failed=$((failed + 1))
    echo " FAIL $1: runts (+) is not as runc (-) ($times)"
    { diff -U 2 <(told_of runc "$1") <(told_of runts "$1") || :; } | sed '1,2d; s/^/        /'
  else
    passed=$((passed + 1))
    echo " ok   $1 ($times)"
  fi
}
# Signal 32 is libc's own, and ignored in all that make starts (glibc's posix_spawn leaves it so). runc's containers inherit that,
# those of runts do not.
told_of() { sed 's/^\(SigIgn:[[:space:]]*[0-9a-f]\{8\}\)8/\10/' "$work/$1/results/$2.out"; }
# What both leave behind is the engine's.
compare_leaks() {
  local more
  more=$(comm -13 "$work/runc/leaks" "$work/runts/leaks")
  if [ -z "$more" ]; then
    passed=$((passed + 1))
    echo ' ok   nothing is left behind'
  else
    failed=$((failed + 1))
    echo ' FAIL left behind by runts and not by runc:'
    printf '        %s\n' "${more//$'\n'/$'\n'        }"
  fi
}
