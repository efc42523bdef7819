# shellcheck shell=bash
# A throw-away PostgreSQL on a free port, for the tests only: nothing is synced, all is removed.
# shellcheck disable=SC2154 # root, logs and scratch are of the script that sources this
# Sourced by test.sh.

postgres_pid=

start_postgres() {
  local bin data=$scratch/postgres port
  bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -1)
  port=$(free_port)
  mkdir "$data"
  local become=()
  if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
    chown postgres: "$data"
    become=(--reuid=postgres --regid=postgres --init-groups)
  fi
  setpriv "${become[@]}" "$bin/initdb" -D "$data" -U allclear --auth=trust --no-sync -E UTF8 --locale=C.UTF-8 >"$logs/postgres.log"
  # It dies with this script, whatever ends the script.
  setpriv "${become[@]}" --pdeathsig=KILL "$bin/postgres" -D "$data" -p "$port" -k "$data" -h 127.0.0.1 \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 \
    -c max_pred_locks_per_transaction=256 -c max_locks_per_transaction=256 >>"$logs/postgres.log" 2>&1 &
  postgres_pid=$!
  local _
  for _ in $(seq 100); do
    if "$bin/psql" -h 127.0.0.1 -p "$port" -U allclear -d postgres -qc 'CREATE DATABASE allclear' 2>/dev/null; then
      export ALLCLEAR_TEST_POSTGRES=postgres://allclear@127.0.0.1:$port/allclear
      say "PostgreSQL $("$bin/postgres" --version | grep -o '[0-9.]*' | head -1) listens on port $port"
      return
    fi
    kill -0 "$postgres_pid" 2>/dev/null || break
    sleep 0.1
  done
  tail -20 "$logs/postgres.log"
  die "PostgreSQL did not start"
}

stop_postgres() {
  if [ -n "$postgres_pid" ]; then
    kill -QUIT "$postgres_pid" 2>/dev/null || true
    wait "$postgres_pid" 2>/dev/null || true
    postgres_pid=
  fi
}
