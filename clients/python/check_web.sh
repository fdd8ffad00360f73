#!/usr/bin/env bash
# Tests the middleware for web applications against the installed wheel, with FastAPI, Starlette,
# uvicorn and gunicorn as PyPI has them, on the Python that is named. Its last line is that of Deno's
# tests.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_QUIET=1 PYTHONDONTWRITEBYTECODE=1

"${1:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install build
"$work/venv/bin/python" -m build --wheel --outdir "$work" . >/dev/null
"$work/venv/bin/pip" install pytest httpx2 fastapi uvicorn websockets gunicorn uvicorn-worker opentelemetry-sdk \
  prometheus-fastapi-instrumentator starlette_exporter "$work"/*.whl
"$work/venv/bin/python" -m pytest -p no:cacheprovider -o pythonpath=tests_web tests_web 2>&1 | tee "$work/log" || true

# A number in the last line of pytest.
count() {
  local number
  number=$(tail -n 1 "$work/log" | grep -oE "[0-9]+ $1" | cut -d' ' -f1) || number=0
  echo "$number"
}
passed=$(count passed)
failed=$(($(count failed) + $(count error)))
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] && word=ok || word=FAILED
echo "$word | $passed passed | $failed failed | $(count skipped) ignored"
[ "$word" = ok ]
