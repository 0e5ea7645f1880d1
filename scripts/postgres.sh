#!/bin/sh
# Starts and stops a PostgreSQL 15 of our own in a temporary folder, on a free
# port, as user postgres (initdb and postgres refuse root).
#
#   scripts/postgres.sh start DIR    prints the DSN of its superuser
#   scripts/postgres.sh stop DIR     stops it and removes DIR
#
# fsync stays on: tests and figures must mean something.
set -eu
cmd=${1:?start or stop} dir=${2:?a folder of its own}
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || { echo "no PostgreSQL server in /usr/lib/postgresql: install the package postgresql-15" >&2; exit 1; }
as() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

case $cmd in
start)
	mkdir -p "$dir"
	[ "$(id -u)" != 0 ] || chown postgres "$dir"
	port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])' 2>/dev/null ||
		perl -MIO::Socket::INET -e '$s=IO::Socket::INET->new(Listen=>1,LocalAddr=>"127.0.0.1",LocalPort=>0); print $s->sockport')
	as "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
	as "$bin/pg_ctl" -D "$dir/data" -l "$dir/postgres.log" -w -t 60 -s -o \
		"-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir -c max_connections=300 -c timezone=UTC" start >/dev/null || { cat "$dir/postgres.log" >&2; exit 1; }
	echo "postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable"
	;;
stop)
	as "$bin/pg_ctl" -D "$dir/data" -m immediate -s stop >/dev/null 2>&1 || true
	rm -rf "$dir"
	;;
*) echo "start or stop, not $cmd" >&2; exit 2 ;;
esac
