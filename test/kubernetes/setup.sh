#!/usr/bin/env bash
# Installs what `make test-k8s` needs and this machine lacks: etcd, and promtool for `make alerts`. Debian starts servers when their packages are
# installed; these are for tests, which start their own.
set -euo pipefail

as_root() {
	if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

packages=()
command -v etcd >/dev/null || packages+=(etcd-server)
command -v promtool >/dev/null || packages+=(prometheus)
command -v ip >/dev/null || packages+=(iproute2)
command -v curl >/dev/null || packages+=(curl)
command -v setpriv >/dev/null || packages+=(util-linux)
if [ ${#packages[@]} -eq 0 ]; then exit 0; fi
if ! command -v apt-get >/dev/null; then
	echo "this machine lacks, and could not be given: ${packages[*]} (names of Debian's packages)" >&2
	exit 1
fi

policy=/usr/sbin/policy-rc.d made=
if [ ! -e $policy ] && as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"; then made=yes; fi
trap 'if [ -n "$made" ]; then as_root rm -f $policy; fi' EXIT
as_root apt-get update -qq
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
