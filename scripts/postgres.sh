#!/usr/bin/env bash
# A PostgreSQL 15 with PostGIS of the tests' own, on a free port, gone when stopped.
#   eval "$(scripts/postgres.sh start)"   sets DITU_TEST_DATABASE and DITU_TEST_POSTGRES (its folder)
#   scripts/postgres.sh stop FOLDER
set -euo pipefail
bin=/usr/lib/postgresql/15/bin
# PostgreSQL refuses to run as root.
as() { if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

case ${1:-} in
start)
  dir=$(mktemp -d "${TMPDIR:-/tmp}/ditu-postgres.XXXXXX")
  chmod 755 "$dir"
  [ "$(id -u)" -ne 0 ] || chown postgres "$dir"
  as "$bin/initdb" -D "$dir/data" -U ditu -A trust -E UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1 ||
    { cat "$dir/initdb.log" >&2; exit 3; }
  port=$(python3 - <<'PY' 2>/dev/null || node -e 's=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])
PY
)
  cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$dir'
max_connections = 60
shared_buffers = 256MB
max_wal_size = 2GB
CONF
  as "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w start >/dev/null 2>&1 || { cat "$dir/log" >&2; exit 3; }
  as "$bin/createdb" -h "$dir" -p "$port" -U ditu ditu_test
  as "$bin/psql" -q -h "$dir" -p "$port" -U ditu -d ditu_test -c 'CREATE EXTENSION postgis' >&2
  echo "export DITU_TEST_DATABASE=postgres://ditu@127.0.0.1:$port/ditu_test"
  echo "export DITU_TEST_POSTGRES=$dir"
  ;;
stop)
  dir=${2:-${DITU_TEST_POSTGRES:?which folder?}}
  as "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$dir"
  ;;
*)
  echo "usage: postgres.sh start | stop FOLDER" >&2
  exit 2
  ;;
esac
