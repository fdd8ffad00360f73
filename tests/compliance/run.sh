#!/usr/bin/env bash
# Runs the public suite for senders of remote write against the exporter's encoder, queue and sender:
#
#   tests/compliance/run.sh [REPORT]
#
# REPORT gets what the suite says. Fails when other tests fail than those of exceptions.txt.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
report=${1:-$(mktemp)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$here/suite/." "$work"
cp "$here/go/tradesim_test.go" "$work"
cp "$here/go/tradesim.go" "$work/targets"
(cd "$work" && go test -c -o suite .)

deno=$(npx -y deno@2.9.6 eval 'console.log(Deno.execPath())')
"$deno" cache --quiet "$here/target.ts"
export TRADESIM_TARGET="$deno run --no-prompt --no-check --allow-net=127.0.0.1 --allow-read --allow-write --config $here/../../deno.json $here/target.ts"
: >"$report"
for sender in tradesim tradesim-1.0; do
  # A failed test is judged below.
  (cd "$work" && PROMETHEUS_RW2_COMPLIANCE_SENDERS=$sender ./suite -test.v -test.parallel 8) >>"$report" 2>&1 || true
done

# The tests of one sender each: its name stands behind that of the test.
results() { grep -oE "^ *--- $1: \S+/tradesim\S*" "$report" | sed -E 's/^ *--- [A-Z]+: //' | sort; }
passed=$(results PASS | wc -l)
failed=$(results FAIL)
expected=$(sed -E '/^(#|$)/d; s/ .*//' "$here/exceptions.txt" | sort)
echo "$passed tests passed, $(grep -c . <<<"$failed" || true) failed"
if [ "$passed" -lt 150 ]; then
  echo "The suite did not run: see $report"
  exit 1
fi
diff <(echo "$expected") <(echo "$failed") && echo "Only those failed that exceptions.txt names"
