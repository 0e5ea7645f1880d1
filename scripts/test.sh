#!/bin/sh
# What `make test` runs: vet, then every test on SQLite and PostgreSQL with the
# race detector. Installs and starts what tests need, and cleans up.
#
#   scripts/test.sh [PACKAGE…]       default: ./...
set -eu
cd "$(dirname "$0")/.."
command -v go >/dev/null 2>&1 || { echo "go is missing: install $(sed -n 's/^go /Go /p' go.mod) or newer from https://go.dev/dl/" >&2; exit 1; }

if [ -z "${ZUMMER_IN_TEST:-}" ]; then
	scripts/need.sh gcc chromium curl python3 node npm Xvfb dunst dbus-daemon
	ZUMMER_TEST_CHROMIUM=$(scripts/chromium.sh)
	# CGO is for the race detector only; the program itself is built without.
	export ZUMMER_TEST_CHROMIUM CGO_ENABLED=1 ZUMMER_IN_TEST=1
	# A clone that belongs to another user has no readable VCS state.
	export GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false"
	echo "starting PostgreSQL"
	exec scripts/with-postgres.sh scripts/test.sh "$@"
fi
unset ZUMMER_IN_TEST
[ $# -gt 0 ] || set -- ./...

echo "go vet $*"
go vet "$@"
# SQLite is C translated to Go, of one pointer cast a line: looked at by the race
# detector it takes three times as long as all that uses it. It is the only code
# that is left out; the driver above it and all of ours is in. checkptr looks at
# conversions of unsafe.Pointer: ours are for Windows alone, and it costs a tenth.
race() {
	go test -race -gcflags='all=-d=checkptr=0' -gcflags='modernc.org/...=-race=false -d=checkptr=0' -count=1 -timeout 40m "$@"
}

dir=$(mktemp -d "${TMPDIR:-/tmp}/zummer-test.XXXXXX")
trap 'rm -rf "$dir"' EXIT
# The clients of 1C are tried after all others: beside the browsers of ./app both
# would wait for a processor more than for anything else.
all() {
	rc=0
	if [ "$*" = ./... ]; then
		race $(go list ./... | grep -v '/app/onectest$') || rc=$?
		set -- ./app/onectest
	fi
	race "$@" || rc=$?
	return "$rc"
}
echo "go test -race $*"
{ rc=0; all "$@" 2>&1 || rc=$?; echo "$rc" >"$dir/rc"; } | tee "$dir/out"
[ "$(cat "$dir/rc")" != 0 ] || exit 0

# A test that fails among all the others may have met a machine that stood still,
# which says nothing of the program. Up to three are run once more, alone; one
# that passes then is named, for its wait is to be mended. A race, a panic, a
# build that fails, a test program that did not come to its end or a test that
# fails twice is a failure.
if [ "$(cat "$dir/rc")" != 1 ] || # go itself was ended
	grep -q -e 'WARNING: DATA RACE' -e '^ *panic: ' -e '^ *fatal error: ' "$dir/out" ||
	! awk '
		/^--- FAIL: / { if (names == "") ended = 0; names = names "|" $3; tests++ }
		/^FAIL$/ { ended = 1 } # by itself, after all its tests
		/^ok/ { ended = 0 }
		/^FAIL\t/ { if (names == "" || !ended) whole = 1; print $2, "^(" substr(names, 2) ")$"; names = ""; ended = 0 }
		END { exit (whole || names != "" || tests == 0 || tests > 3) }' "$dir/out" >"$dir/again"; then
	exit 1
fi
while read -r package names; do
	echo "once more, alone: $package $names"
	race -run "$names" "$package" </dev/null
done <"$dir/again"
while read -r package names; do
	echo "UNSTABLE: $package $names failed among the others and passed alone"
done <"$dir/again"
