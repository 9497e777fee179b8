#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: PostgreSQL, a C compiler
# (for go test -race), curl, Python's venv, Chromium, and the packages of the
# examples, of the Python package, of the compat suite and of the browser suite, and
# the front ends of test/frontends. Does nothing where all is there. What cannot be
# had is named at the end, and is a failure, but for front ends, whose tests are
# skipped and say so: no test is left out quietly.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
lacks() { missing+=("$1"); }

as_root() {
	if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

apt_updated=
apt_install() {
	command -v apt-get >/dev/null || return 1
	echo "installing $*"
	if [ -z "$apt_updated" ]; then
		as_root apt-get update -qq || return 1
		apt_updated=yes
	fi
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

has_postgres() {
	command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

# Debian's package creates a cluster and starts it on port 5432 when it is
# installed. The tests start servers of their own, and port 5432 is not theirs
# to take. The setting is read while the server package is installed, so its
# file comes first.
install_postgres() {
	apt_install postgresql-common || return 1
	as_root sed -i -E 's/^#?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf || return 1
	apt_install postgresql
}

# Linking with -race needs the compiler and the C library's headers.
has_c() {
	echo '#include <stdlib.h>' | ${CC:-gcc} -E - >/dev/null 2>&1
}

has_python() { python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; }
has_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null; }
has_node() { node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null; }

# As test/browser/lib/chromium.mjs looks for it. Ubuntu's package of the name is
# an empty one that wants snap, so what counts is whether there is one to start.
has_chromium() {
	local name
	for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome-stable google-chrome; do
		[ -n "$name" ] && "$name" --version >/dev/null 2>&1 && return
	done
	return 1
}

install_chromium() {
	apt_install chromium && has_chromium
}

# npm ci empties node_modules first, so it is only run when the lock file changed.
install_packages() {
	local lock=$1/package-lock.json stamp=$1/node_modules/.installed-lock
	cmp -s "$lock" "$stamp" && return
	echo "installing the packages of $1"
	npm ci --prefix "$1" --no-audit --no-fund --loglevel=error && cp "$lock" "$stamp"
}

has_postgres || install_postgres || lacks "PostgreSQL (initdb and postgres; Debian and Ubuntu: postgresql)"
has_c || apt_install gcc libc6-dev || lacks "a C compiler, for go test -race (Debian and Ubuntu: gcc libc6-dev)"
command -v curl >/dev/null || apt_install curl || lacks "curl, for the walk-through in README"

if ! has_python; then
	lacks "Python 3.10 or newer, for the FastAPI example and the Python package"
elif ! has_venv && ! apt_install python3-venv; then
	lacks "Python's venv (Debian and Ubuntu: python3-venv)"
elif ! examples/fastapi/install.sh requirements-test.txt; then
	lacks "the packages of examples/fastapi/requirements-test.txt (is PyPI reachable?)"
elif ! python/install.sh; then
	lacks "the packages of python/requirements-*.txt (is PyPI reachable?)"
fi

has_chromium || install_chromium ||
	lacks "Chromium (Debian: chromium; elsewhere let the variable CHROMIUM name the program of a Chromium or Chrome)"

# Debian starts a server when its package is installed, and at every start from then on. These are for tests, which start their own.
install_front_end() {
	local policy=/usr/sbin/policy-rc.d made= result=0
	if [ ! -e $policy ] && as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"; then made=yes; fi
	apt_install "$1" || result=1
	if [ -n "$made" ]; then as_root rm -f $policy; fi
	if [ -d /run/systemd/system ]; then as_root systemctl disable --quiet "$2" || true; fi
	return $result
}

has_server() { PATH=$PATH:/usr/sbin:/usr/local/sbin command -v "$1" >/dev/null; }

without=()
has_server nginx || install_front_end nginx-light nginx || without+=("nginx (Debian and Ubuntu: nginx-light)")
has_server pgbouncer || install_front_end pgbouncer pgbouncer || without+=("PgBouncer (Debian and Ubuntu: pgbouncer)")
has_server caddy || install_front_end caddy caddy || without+=("Caddy (Debian: caddy)")
has_server haproxy || install_front_end haproxy haproxy || without+=("HAProxy with Lua (Debian and Ubuntu: haproxy)")

if ! has_node; then
	lacks "Node.js 20 or newer with npm, for the compat and browser suites and the React example"
else
	for suite in test/compat test/browser examples/react; do
		install_packages "$suite" || lacks "the packages of $suite/package-lock.json (is the npm registry reachable?)"
	done
fi

if [ ${#without[@]} -gt 0 ]; then
	echo "tests are skipped that need what this machine lacks, and could not be given:" >&2
	printf '  - %s\n' "${without[@]}" >&2
fi
if [ ${#missing[@]} -gt 0 ]; then
	echo "cannot run the tests; this machine lacks, and could not be given:" >&2
	printf '  - %s\n' "${missing[@]}" >&2
	exit 1
fi
