#!/bin/sh
# Runs every fuzz target for a while; stops at the first crash, whose input is
# then in the package's testdata/fuzz: commit it, it is a test from then on.
#
#   scripts/fuzz.sh 3s        what .ci/run does
#   scripts/fuzz.sh 1m        what `make fuzz` does
set -eu
cd "$(dirname "$0")/.."
time=${1:-1m}
root=$PWD
work=$(mktemp -d "${TMPDIR:-/tmp}/zummer-fuzz.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
export GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false"

for dir in $(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do
	# One instrumented program a package; go test itself would link one a target.
	CGO_ENABLED=0 go test -c -fuzz=Fuzz -o "$work/test" "$dir"
	cd "$dir"
	for target in $("$work/test" -test.list '^Fuzz'); do
		echo "fuzz $dir $target for $time"
		"$work/test" -test.run='^$' -test.fuzz="^$target\$" -test.fuzztime="$time" -test.fuzzcachedir="$work/cache" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
		tail -n 2 "$work/log" | head -n 1
	done
	cd "$root"
done
