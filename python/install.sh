#!/usr/bin/env bash
# Creates the environments the tests run in, each once and again only when its requirements change:
# .venv-newest with the newest FastAPI, .venv-oldest with the oldest that is promised.
#
#   install.sh
set -euo pipefail
cd "$(dirname "$0")"

if ! python3 -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))'; then
	echo "the Python package needs Python 3.10 or newer with venv (on Debian and Ubuntu: python3-venv)" >&2
	exit 1
fi

install() {
	local environment=.venv-$1 wanted=requirements-$1.txt stamp=.venv-$1/installed
	if cmp -s "$wanted" "$stamp"; then
		return
	fi
	echo "installing the Python package's requirements ($wanted)"
	# Without a stamp the last attempt did not finish, and what it left cannot be relied on.
	[ -e "$stamp" ] || python3 -m venv --clear "$environment"
	rm -f "$stamp"
	"$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted"
	# The package itself is found where it is, and need not be built for that.
	realpath src >"$("$environment/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/postern_fastapi.pth"
	cp "$wanted" "$stamp"
}

# What is waited for is the network and the disk.
install newest &
newest=$!
install oldest
wait "$newest"
