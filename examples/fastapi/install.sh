#!/usr/bin/env bash
# Creates .venv with the pinned requirements, once; again only when they change.
#
#   install.sh [requirements.txt | requirements-test.txt]
set -euo pipefail
cd "$(dirname "$0")"
wanted=${1:-requirements.txt}
stamp=.venv/installed-$wanted

if ! python3 -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))'; then
	echo "the FastAPI example needs Python 3.10 or newer with venv (on Debian and Ubuntu: python3-venv)" >&2
	exit 1
fi
if cat requirements.txt "$wanted" | cmp -s - "$stamp"; then
	exit 0
fi
echo "installing the FastAPI example's requirements ($wanted)"
[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$wanted"
cat requirements.txt "$wanted" >"$stamp"
