#!/usr/bin/env bash
# Fails when a generated file differs from what "make generate" writes. Changes
# that are not committed yet do not matter, only what generating adds to them.
set -euo pipefail
cd "$(dirname "$0")/.."

state() { git status --porcelain && git diff; }

before=$(state)
make --no-print-directory generate
after=$(state)
if ! diff <(printf '%s\n' "$before") <(printf '%s\n' "$after"); then
	echo "generated files were stale: commit what make generate has written" >&2
	exit 1
fi
