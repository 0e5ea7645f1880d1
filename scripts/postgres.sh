#!/bin/sh
# Starts and stops a PostgreSQL of our own in a temporary folder, on a free
# port of 127.0.0.1, as user postgres when we are root (initdb and postgres
# refuse root), else as the user we are.
#
#   scripts/postgres.sh start DIR    prints the DSN of its superuser
#   scripts/postgres.sh restart DIR  starts it again after it was killed
#   scripts/postgres.sh stop DIR     stops it and removes DIR
#
# DIR is empty or absent before start. fsync stays on: tests and figures must
# mean something.
set -eu
fail() { echo "postgres.sh: $*" >&2; exit 1; }
[ $# -eq 2 ] || { echo "usage: $0 start|restart|stop DIR" >&2; exit 2; }
cmd=$1
case $2 in /*) dir=$2 ;; *) dir=$PWD/$2 ;; esac
mark=$dir/initdb.log # stop removes only what start made
unset PGDATA PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSERVICE PGOPTIONS PGSSLMODE || true

# Debian keeps the server's programs out of PATH; the newest version wins.
bin=$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(command -v initdb || true)
[ -n "$bin" ] || fail "no PostgreSQL server found: install the package postgresql-15"
bin=${bin%/initdb}

as() {
	if [ "$(id -u)" != 0 ]; then "$@"; else runuser -u postgres -- "$@"; fi
}
# A number in 15000–31999: below the ports that the kernel hands out itself.
port() { echo $((15000 + $(od -An -N2 -tu2 /dev/urandom) % 17000)); }

start() {
	mkdir -p "$dir"
	[ -z "$(ls -A "$dir")" ] || fail "$dir is not empty"
	: >"$mark"
	made=yes
	if [ "$(id -u)" = 0 ]; then
		id postgres >/dev/null 2>&1 || fail "there is no user postgres: install the package postgresql-15"
		chown postgres "$dir"
	fi
	chmod 700 "$dir"
	cd / # a working directory that every user can read
	as test -w "$dir" || fail "user postgres cannot reach $dir: set TMPDIR to a folder that all users can enter"
	as "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log" 2>&1 ||
		{ cat "$dir/initdb.log" >&2; fail "initdb failed"; }
	try=0
	while :; do
		p=$(port)
		if as "$bin/pg_ctl" -D "$dir/data" -l "$dir/postgres.log" -w -t 60 -s -o \
			"-p $p -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=300 -c timezone=UTC" \
			start >/dev/null 2>&1 </dev/null; then
			break
		fi
		try=$((try + 1))
		if [ "$try" -ge 20 ] || ! grep -q 'could not bind' "$dir/postgres.log" 2>/dev/null; then
			cat "$dir/postgres.log" >&2 || true
			fail "PostgreSQL did not start"
		fi
		rm -f "$dir/postgres.log"
	done
	echo "postgres://postgres@127.0.0.1:$p/postgres?sslmode=disable"
}

# pg_ctl remembers the options of the start, the port among them.
restart() {
	[ -e "$mark" ] || fail "$dir was not made by this script"
	cd /
	as "$bin/pg_ctl" -D "$dir/data" -l "$dir/postgres.log" -w -t 60 -s restart >/dev/null 2>&1 </dev/null ||
		{ cat "$dir/postgres.log" >&2; fail "PostgreSQL did not start again"; }
}

stop() {
	[ -d "$dir" ] || return 0
	[ -e "$mark" ] || fail "$dir was not made by this script"
	cd /
	if [ -e "$dir/data/postmaster.pid" ]; then
		as "$bin/pg_ctl" -D "$dir/data" -m immediate -w -t 30 -s stop >/dev/null 2>&1 || true
	fi
	rm -rf "$dir"
}

case $cmd in
start)
	made=
	trap 'rc=$?; [ $rc -eq 0 ] || [ -z "$made" ] || stop; exit $rc' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	start
	;;
restart) restart ;;
stop) stop ;;
*) fail "start, restart or stop, not $cmd" ;;
esac
