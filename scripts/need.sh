#!/bin/sh
# Makes sure that what tests need is there: postgres, chromium, gcc (for -race),
# Xvfb, dunst and dbus-daemon (a desktop for the agent).
#
#   scripts/need.sh postgres chromium gcc curl python3
#
# On Debian and Ubuntu what is missing is installed when we are root or sudo
# asks for no password. Never asks anything; says what to do when it cannot.
set -eu

has() {
	case $1 in
	postgres) ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 ;;
	chromium) "$(dirname "$0")/chromium.sh" >/dev/null 2>&1 ;;
	*) command -v "$1" >/dev/null 2>&1 ;;
	esac
}
missing=
for tool; do has "$tool" || missing="$missing $tool"; done
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null 2>&1 || {
	echo "need:$missing. This is no Debian or Ubuntu: install them yourself and run this again." >&2
	exit 1
}
if [ "$(id -u)" = 0 ]; then
	sudo=
elif command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then
	sudo="sudo -n"
else
	echo "need:$missing. Run as root: apt-get install -y postgresql-15 chromium gcc libc6-dev curl python3 nodejs npm xvfb dunst dbus" >&2
	exit 1
fi

echo "installing what tests need:$missing"
apt() { $sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 "$@" </dev/null; }
apt update >/dev/null || echo "apt-get update failed; trying with the lists that are here" >&2
packages=
for tool in $missing; do
	case $tool in
	postgres) if apt-cache show postgresql-15 >/dev/null 2>&1; then packages="$packages postgresql-15"; else packages="$packages postgresql"; fi ;;
	gcc) packages="$packages gcc libc6-dev" ;;
	node) packages="$packages nodejs" ;;
	Xvfb) packages="$packages xvfb" ;;
	dunst) packages="$packages dunst fonts-dejavu-core" ;;
	dbus-daemon) packages="$packages dbus" ;;
	*) packages="$packages $tool" ;;
	esac
done
# shellcheck disable=SC2086 # a list of words
apt install --no-install-recommends $packages || { echo "could not install:$packages" >&2; exit 1; }
for tool in $missing; do has "$tool" || { echo "$tool is still missing after installing:$packages" >&2; exit 1; }; done
