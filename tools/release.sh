#!/usr/bin/env bash
# Builds what a release has into dist/: binaries, an SBOM (CycloneDX) made of what is in the binary, and checksums.
#
#   tools/release.sh VERSION path/to/cyclonedx-gomod [os/arch …]
set -euo pipefail
cd "$(dirname "$0")/.."
version=$1 sbom=$2
shift 2
platforms=("$@")
if [ "${#platforms[@]}" -eq 0 ]; then
	platforms=(linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64)
fi

rm -rf dist
mkdir dist
for platform in "${platforms[@]}"; do
	os=${platform%/*} arch=${platform#*/} suffix=
	[ "$os" = windows ] && suffix=.exe
	CGO_ENABLED=0 GOOS=$os GOARCH=$arch go build -pgo=cmd/postern/pgo/default.pgo -trimpath -buildvcs=false \
		-ldflags "-s -w -X main.version=$version" -o "dist/postern_${version}_${os}_${arch}$suffix" ./cmd/postern
done
# Licences are read in the module cache, which the build has filled: nothing is asked of anybody.
first=(dist/postern_*)
GOPROXY=off "$sbom" bin -json -licenses -std -version "$version" -output "dist/postern_$version.cdx.json" "${first[0]}" 2>/dev/null
(cd dist && sha256sum postern_* >SHA256SUMS)
cat dist/SHA256SUMS
