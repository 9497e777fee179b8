#!/usr/bin/env bash
# Checks format, style and types, and runs the tests in both environments at once. Arguments are passed on to pytest.
# bin/postern must be there; PostgreSQL is used where POSTERN_TEST_POSTGRES_URL names a server.
set -euo pipefail
cd "$(dirname "$0")"

.venv-newest/bin/ruff format --check .
.venv-newest/bin/ruff check .
.venv-newest/bin/mypy

log=$(mktemp)
trap 'rm -f "$log"' EXIT
.venv-oldest/bin/python -m pytest -q "$@" >"$log" 2>&1 &
oldest=$!
failed=0
.venv-newest/bin/python -m pytest -q "$@" || failed=1
wait "$oldest" || failed=1
echo "the same with FastAPI $(.venv-oldest/bin/python -c 'import fastapi; print(fastapi.__version__)'):"
cat "$log"
exit "$failed"
