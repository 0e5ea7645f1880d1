#!/bin/sh
# Runs a command with a fresh PostgreSQL, whose address it finds in
# ZUMMER_TEST_POSTGRES; stops and removes that PostgreSQL afterwards.
#
#   scripts/with-postgres.sh go test ./...
#
# An address that is already in ZUMMER_TEST_POSTGRES is used as it is.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ -n "${ZUMMER_TEST_POSTGRES:-}" ]; then exec "$@"; fi

"$here/need.sh" postgres
dir=$(mktemp -d "${TMPDIR:-/tmp}/zummer-pg.XXXXXX")
trap 'rc=$?; trap - EXIT; [ ! -e "$dir/initdb.log" ] || "$here/postgres.sh" stop "$dir" || true; rm -rf "$dir"; exit $rc' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
ZUMMER_TEST_POSTGRES=$("$here/postgres.sh" start "$dir")
export ZUMMER_TEST_POSTGRES
"$@"
