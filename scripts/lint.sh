#!/bin/sh
# What `make lint` runs. The linter is built by go itself, in the version
# named here; the first build takes some minutes.
set -eu
cd "$(dirname "$0")/.."
export GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false"

echo "gofmt"
# shellcheck disable=SC2046 # a list of files
unformatted=$(gofmt -l $(find . -name '*.go' -not -path './.git/*' -not -path '*/node_modules/*'))
[ -z "$unformatted" ] || { printf 'not formatted:\n%s\n' "$unformatted" >&2; exit 1; }

echo "go mod tidy -diff"
go mod tidy -diff

echo "golangci-lint"
go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run --timeout 15m ./...
