#!/bin/sh
# Builds the whole program for the systems that the agent runs on, without cgo.
#
#   scripts/cross.sh [FOLDER]       default: they are built and thrown away
set -eu
cd "$(dirname "$0")/.."
export CGO_ENABLED=0 GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false"
if [ $# -gt 0 ]; then
	folder=$1
	mkdir -p "$folder"
else
	folder=$(mktemp -d)
	trap 'rm -rf "$folder"' EXIT
fi
for target in linux/amd64 windows/amd64 darwin/arm64; do
	os=${target%/*}
	file=$folder/zummer-$os-${target#*/}
	[ "$os" != windows ] || file=$file.exe
	echo "go build for $target"
	GOOS=$os GOARCH=${target#*/} go build -trimpath -ldflags '-s -w' -o "$file" .
done
