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
# Without a stamp the last attempt did not finish, and what it left cannot be relied on.
compgen -G '.venv/installed-*' >/dev/null || python3 -m venv --clear .venv
rm -f .venv/installed-*
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$wanted"
for file in requirements.txt "$wanted"; do
	cat requirements.txt "$file" >".venv/installed-$file"
done
