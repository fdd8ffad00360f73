#!/usr/bin/env bash
# Builds the wheels of tradesim-metrics and tradesim-exporter once, checks their sources, and runs the
# tests against the installed wheels: on the Pythons that are named, or on all of those that the
# classifiers list and this machine has.
# Its last line is that of Deno's tests.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_QUIET=1 PYTHONDONTWRITEBYTECODE=1

if [ $# -eq 0 ]; then
  # Where pyenv keeps them, they are on no PATH.
  for folder in ~/.pyenv/versions/*/bin; do PATH=$PATH:$folder; done
  for version in $(sed -n 's/.*"Programming Language :: Python :: \(3\.[0-9]*\)".*/\1/p' pyproject.toml); do
    for python in "python$version" "python${version}t"; do
      if "$python" -c "import ensurepip" 2>/dev/null; then set -- "$@" "$python"; fi
    done
  done
fi
[ $# -gt 0 ] || { echo "There is no Python with venv"; exit 1; }

"$1" -m venv "$work/tools"
"$work/tools/bin/pip" install build deno mypy ruff pytest
"$work/tools/bin/ruff" format --no-cache --check . ../exporter
"$work/tools/bin/ruff" check --no-cache . ../exporter
"$work/tools/bin/mypy" --cache-dir "$work/mypy" src
(cd ../.. && "$work/tools/bin/deno" task --quiet compile:wheel) >/dev/null
for project in . ../exporter; do
  "$work/tools/bin/python" -m build --wheel --outdir "$work" "$project" >/dev/null 2>&1
done

# A number in the closing line of pytest.
count() {
  local number
  number=$(grep -E '^[0-9]+ [a-z]+.* in [0-9.]+s' "$work/log" | tail -n 1 | grep -oE "[0-9]+ $1" | cut -d' ' -f1) || number=0
  echo "$number"
}

passed=0
failed=0
skipped=0
for python in "$@"; do
  echo "== $("$python" -VV | head -n 1)"
  "$python" -m venv "$work/venv"
  "$work/venv/bin/pip" install pytest "$work"/*.whl
  "$work/venv/bin/python" -m pytest -p no:cacheprovider 2>&1 | tee "$work/log" || true
  passed=$((passed + $(count passed)))
  failed=$((failed + $(count failed) + $(count error)))
  skipped=$((skipped + $(count skipped)))
  rm -rf "$work/venv"
done
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] && word=ok || word=FAILED
echo "$word | $passed passed | $failed failed | $skipped ignored"
[ "$word" = ok ]
