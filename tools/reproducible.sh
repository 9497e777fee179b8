#!/usr/bin/env bash
# Builds twice, in two folders and the second time with nothing remembered, and fails when the binaries differ.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

build() { # folder, cache
	mkdir -p "$1"
	git ls-files -co --exclude-standard -z -- '*.go' '*.mod' '*.sum' authflow cmd config proxy sessionstore deploy | tar --null -T - -cf - | tar -xf - -C "$1"
	(cd "$1" && GOCACHE=$2 CGO_ENABLED=0 go build -pgo=cmd/postern/pgo/default.pgo -trimpath -buildvcs=false -ldflags '-s -w -X main.version=reproducible' -o "$work/$(basename "$1")" ./cmd/postern)
}
build "$work/one/first" "$(go env GOCACHE)"
build "$work/another/place/second" "$work/cache"
(cd "$work" && sha256sum first second)
cmp "$work/first" "$work/second"
echo "both builds are the same"
