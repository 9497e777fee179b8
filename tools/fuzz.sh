#!/usr/bin/env bash
# Runs every fuzz target of the module, one after the other: go test fuzzes only one at a time.
#
#   tools/fuzz.sh [time each]
set -euo pipefail
cd "$(dirname "$0")/.."
each=${1:-1m}

# "go test -list" prints the targets of a package, then "ok <package> <time>".
targets=$(go test -list '^Fuzz' ./... | awk '/^Fuzz/ { names = names " " $1 } /^ok/ { for (i = split(names, n, " "); i > 0; i--) print $2, n[i]; names = "" }')
if [ -z "$targets" ]; then
	echo "no fuzz targets found" >&2
	exit 1
fi

while read -r package target; do
	echo "== $package $target ($each)"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$each" "$package" </dev/null
done <<<"$targets"
