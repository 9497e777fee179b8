#!/usr/bin/env bash
# Does what docs/getting-started.md says, word for word but for its ports, in an
# empty folder, and prints how long each step took. The repository is cloned from
# here: what is not committed does not count.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
page=$top/docs/getting-started.md

# What is set for something else must not reach the Postern that is started here.
for name in "${!POSTERN_@}" DATABASE_URL; do unset "$name"; done

folder=$(mktemp -d)
cd "$folder"
# Each thing that a step leaves running is a process group of its own.
set -m
stop() {
	for group in $(jobs -p); do kill -- "-$group" 2>/dev/null || true; done
	wait
	cd / && rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

export GIT_CONFIG_COUNT=2
export GIT_CONFIG_KEY_0="url.file://$top.insteadOf" GIT_CONFIG_VALUE_0=https://github.com/posternhq/postern
export GIT_CONFIG_KEY_1=safe.directory GIT_CONFIG_VALUE_1='*'
# The versions that the examples are tested with.
sed -n '/==/{s/\[[^]]*\]//;p}' "$top/examples/fastapi/requirements.txt" >constraints.txt
export PIP_CONSTRAINT=$folder/constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1

free_ports() {
	python3 -c 'import socket; print(*[s.getsockname()[1] for s in [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]])'
}
read -r public application admin <<<"$(free_ports)"

# The commands of one step: the blocks of shell below its heading.
commands() {
	awk -v heading="## $1" '/^## / { on = $0 == heading } /^```/ { code = on && /^```sh/; next } code' "$page" |
		sed "s/:8080/:$public/g; s/:8000/:$application/g; s/--port 8000/--port $application/
		     s/^postern dev /&--listen 127.0.0.1:$public --admin-listen 127.0.0.1:$admin /"
}

mapfile -t steps < <(sed -n 's/^## \([0-9].*\)/\1/p' "$page")
times=
total=0
for step in "${steps[@]}"; do
	echo "== $step"
	began=${EPOCHREALTIME/./}
	eval "$(commands "$step")"
	took=$(((${EPOCHREALTIME/./} - began) / 100000))
	total=$((total + took))
	times+=$(printf '%6s s  %s' "$((took / 10)).$((took % 10))" "$step")$'\n'
done
printf '\n%s%6s s  in all\n' "$times" "$((total / 10)).$((total % 10))"
