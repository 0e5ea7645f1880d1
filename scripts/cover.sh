#!/bin/sh
# Fails when the adapters' tests cover less of handlers/pbx than 90 %: each
# kind has traps that no other test walks into.
set -eu
cd "$(dirname "$0")/.."
export GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false"
profile=$(mktemp "${TMPDIR:-/tmp}/zummer-cover.XXXXXX")
trap 'rm -f "$profile"' EXIT
go test -coverprofile="$profile" -coverpkg=./handlers/pbx ./handlers/pbx >/dev/null
go tool cover -func="$profile" | awk '$1 == "total:" { sub(/%/, "", $3); printf "handlers/pbx: %s %% of the statements covered\n", $3; exit $3 < 90 }'
