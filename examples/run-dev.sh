#!/usr/bin/env bash
# `make run`: Postern in development mode at http://localhost:8080, in front of
# the example that EXAMPLE names (fastapi, live or shared-database) if Python can
# run it, else of the built-in demo upstream. Arguments are passed on to `postern dev`.
set -euo pipefail
cd "$(dirname "$0")/.."

example=${EXAMPLE:-fastapi}
if [ ! -e "examples/$example/app.py" ] && [ ! -d "examples/$example/app" ]; then
	echo "there is no example $example: EXAMPLE is fastapi, live or shared-database" >&2
	exit 2
fi
if [ "$example" = shared-database ]; then
	: "${DATABASE_URL:?is not set: name the PostgreSQL database to share, as in postgres://user:password@127.0.0.1/name}"
else
	# Everything is embedded here. A DATABASE_URL that is set for something else
	# must not get Postern's tables or the example's.
	unset DATABASE_URL
fi

# Each thing started here is a process group of its own, so that it ends with
# all it has started, and in order: Postern first, then what is behind it.
set -m
building= installing= backend= postern=
stop() {
	trap '' INT TERM
	for group in $postern $backend $installing $building; do
		kill -- "-$group" 2>/dev/null || true
		wait "$group" 2>/dev/null || true
	done
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

free_port() {
	python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Starts the example on $port; false when it ends before it answers.
start_example() {
	(cd "examples/$example" && exec ../fastapi/.venv/bin/python -m app --port "$port") </dev/null &
	backend=$!
	until answers "$port"; do
		kill -0 "$backend" 2>/dev/null || { backend=; return 1; }
		sleep 0.2
	done
}

# Both at once, and in the background, since bash runs a trap only between commands.
make --no-print-directory build &
building=$!
examples/fastapi/install.sh </dev/null &
installing=$!
wait "$building"
if [ "$example" = shared-database ]; then
	bin/postern migrate up # first, since the application's tables refer to these
fi

if wait "$installing" && port=$(free_port) && start_example; then
	set -- --upstream "http://127.0.0.1:$port" "$@"
else
	echo "the example $example cannot run here; the built-in demo upstream serves instead" >&2
fi
building= installing=

bin/postern dev "$@" </dev/null &
postern=$!
status=0
wait "$postern" || status=$?
exit "$status"
