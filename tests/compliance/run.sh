#!/usr/bin/env bash
# Runs the public suite for senders of remote write against the exporter's encoder, queue and sender:
#
#   tests/compliance/run.sh SUITE [REPORT]
#
# SUITE is remotewrite/sender of prometheus/compliance. REPORT gets what the suite says. Fails unless exactly the tests of exceptions.txt fail.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
suite=${1:?"usage: run.sh SUITE [REPORT]"}
report=${2:-$(mktemp)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$suite/." "$work"
cp "$here/go/tradesim_test.go" "$work"
cp "$here/go/tradesim.go" "$work/targets"
cd "$work"
go test -c -o suite .

deno=$(npx -y deno@2.9.6 eval 'console.log(Deno.execPath())')
# One file, which starts fastest: the suite starts it 300 times, and gives it a few seconds.
(cd "$here/../.." && "$deno" bundle --quiet --platform deno -o "$work/target.js" tests/compliance/target.ts)
export TRADESIM_TARGET="$deno run --no-prompt --no-config --unstable-worker-options --allow-net --allow-read --allow-write $work/target.js"

# Runs tests of a sender: NAME PATTERN. What fails is judged below.
run() { PROMETHEUS_RW2_COMPLIANCE_SENDERS=$1 ./suite -test.v -test.parallel 8 -test.run "$2" 2>&1 || true; }
# The suite ends itself when a target has ended before it; then all begins once more.
whole() { run "$1" . >"$1" && grep -qE '^(PASS|FAIL)$' "$1" || run "$1" . >"$1"; }
whole tradesim &
whole tradesim-1.0
wait
cat tradesim tradesim-1.0 >"$report"

# Names of the tests of one sender each: it stands behind the test's own name.
results() { { grep -oE "^ *--- $1: \S+/tradesim\S*" "$2" || true; } | sed -E 's/^ *--- [A-Z]+: //' | sort; }
expected=$(sed -E '/^(#|$)/d' "$here/exceptions.txt" | sort)
passed=$(results PASS "$report" | wc -l)
failed=$(results FAIL "$report")
# The suite gives a sender five seconds, which a busy machine may not have: what failed unexpectedly is run
# again, alone, twice at most.
for test in $(comm -13 <(echo "$expected") <(echo "$failed")); do
  for _ in 1 2; do
    run "${test##*/}" "^${test//\//\$/^}\$" >again
    cat again >>"$report"
    if [ "$(results PASS again)" = "$test" ]; then
      passed=$((passed + 1))
      failed=$(grep -vxF "$test" <<<"$failed" || true)
      break
    fi
  done
done
echo "$passed tests passed, $(grep -c . <<<"$failed" || true) failed"
if [ "$passed" -lt 300 ]; then
  echo "The suite did not run: see $report"
  exit 1
fi
unexpected=$(comm -13 <(echo "$expected") <(echo "$failed" | sed '/^$/d'))
if [ -n "$unexpected" ]; then
  echo "These failed, which exceptions.txt does not name:"
  echo "$unexpected"
  exit 1
fi
missing=$(comm -23 <(echo "$expected") <(echo "$failed"))
if [ -n "$missing" ]; then
  echo "These passed, although exceptions.txt names them:"
  echo "$missing"
  exit 1
fi
echo "Those failed that exceptions.txt names, and no others"
