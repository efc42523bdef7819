#!/usr/bin/env bash
# Measures Allclear beside Debian's Alertmanager and a bare durable floor, in one run, and prints ratios.
# bench/README.md says what each cell means. To shorten a run:
#   ROUNDS=5 SECONDS_PER_CELL=2 TRIALS=250 HOLD_SECONDS=30 CELLS='<regular expression>' scripts/bench.sh
# ALLCLEAR_BIN and BENCH_BIN name programs that are built already.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
source scripts/packages.sh
source scripts/assets.sh

rounds=${ROUNDS:-5}
seconds=${SECONDS_PER_CELL:-2}
trials=${TRIALS:-250}
hold=${HOLD_SECONDS:-30}
# What is measured once in a run, because it hardly differs from round to round and takes long.
once=${ACTIVE_ROUNDS:-1}
cells=${CELLS:-.}

need_tools cargo npm node
logs=$(mktemp -d)
scratch=$root/.allclear/bench # on the disk of the repository: /tmp may be memory, where a sync costs nothing
running=()
failures=0

stop_all() {
  local process
  for process in ${running[@]+"${running[@]}"}; do kill -KILL "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
  running=()
}
leave() {
  stop_all
  rm -rf "$scratch" "$logs"
}
trap leave EXIT
trap 'exit 130' INT TERM HUP

step "Packages and programs"
want prometheus-alertmanager
if [ -z "${ALLCLEAR_BIN:-}" ]; then
  assets
  cargo build --release --locked -p allclear
  ALLCLEAR_BIN=${CARGO_TARGET_DIR:-target}/release/allclear
fi
if [ -z "${BENCH_BIN:-}" ]; then
  cargo build --release --locked --manifest-path bench/Cargo.toml
  BENCH_BIN=${CARGO_TARGET_DIR:-bench/target}/release/bench
fi
allclear=$(realpath "$ALLCLEAR_BIN")
bench=$(realpath "$BENCH_BIN")

rm -rf "$scratch"
mkdir -p "$scratch" bench/results
case $(stat -f -c %T "$scratch") in
tmpfs | ramfs) die "$scratch is in memory: a sync costs nothing there, and the figures would be worth as much" ;;
esac
lines=bench/results/$(date +%Y%m%d-%H%M%S).json
ours=127.0.0.1:$(free_port)
theirs=127.0.0.1:$(free_port)
floor=127.0.0.1:$(free_port)
sink=127.0.0.1:$(free_port)

# One database with the documents and tokens, copied for each measurement.
step "Configuration"
sed "s/SINK/$sink/" bench/conf/alertmanager.yml >"$scratch/alertmanager.yml"
sed "s/SINK/$sink/" bench/conf/allclear.yaml >"$scratch/allclear.yaml"
template=$scratch/template
local_database=(--local --data "$template")
head -c 24 /dev/urandom | base64 |
  "$allclear" setup "${local_database[@]}" --person bench --full-name "The bench" --email bench@example.org --password-stdin
"$allclear" apply "${local_database[@]}" -f "$scratch/allclear.yaml" --allow loopback --reason "to be measured"
token=$("$allclear" integration token bench "${local_database[@]}")
view=$("$allclear" token create "${local_database[@]}" --person bench --access viewer)

serve_ours=("$allclear" serve --data "$scratch/allclear" --listen "$ours" --allow loopback --log warn)
serve_theirs=(prometheus-alertmanager "--config.file=$scratch/alertmanager.yml" "--storage.path=$scratch/alertmanager"
  "--web.listen-address=$theirs" --cluster.listen-address= --log.level=warn)

# start SYSTEM: a fresh server without alerts; sets `process` and `target`.
start() {
  local ready
  case $1 in
  allclear)
    rm -rf "$scratch/allclear"
    cp -r "$template" "$scratch/allclear"
    target=(--url "http://$ours/api/v2/alerts" --header "Authorization: Bearer $token")
    ready=http://$ours/-/ready
    "${serve_ours[@]}" >"$logs/allclear" 2>&1 &
    ;;
  alertmanager)
    rm -rf "$scratch/alertmanager"
    target=(--url "http://$theirs/api/v2/alerts")
    ready=http://$theirs/-/ready
    "${serve_theirs[@]}" >"$logs/alertmanager" 2>&1 &
    ;;
  floor)
    target=(--url "http://$floor/")
    ready=http://$floor/
    "$bench" floor --listen "$floor" --log "$scratch/floor.log" --sink "$sink" >"$logs/floor" 2>&1 &
    ;;
  esac
  process=$!
  running+=("$process")
  "$bench" ready --ready "$ready" || { tail -5 "$logs/$1"; die "$1 does not answer"; }
  # What earlier cells left to be written is written now, and not during this one.
  sync -f "$scratch"
}

# stop [SIGNAL]: ends the server that was started last.
stop() {
  kill "-${1:-KILL}" "$process"
  wait "$process" 2>/dev/null || true
  running=()
  rm -rf "$scratch/alertmanager" "$scratch/floor.log"
  if [ "${1:-KILL}" = KILL ]; then rm -rf "$scratch/allclear"; fi
}

# measure SYSTEM CELL COMMAND OPTION...
measure() {
  local system=$1 cell=$2 command=$3 line
  shift 3
  if line=$("$bench" "$command" --system "$system" --cell "$cell" --round "$round" "$@" 2>"$logs/bench"); then
    printf '%s\n' "$line" >>"$lines"
    printf '%-20s %-13s %s\n' "$cell" "$system" "$(brief "$line")"
  else
    failures=$((failures + 1))
    printf '%-20s %-13s FAILED: %s\n' "$cell" "$system" "$(cat "$logs/bench")"
    if [ -s "$logs/$system" ]; then tail -3 "$logs/$system"; fi
  fi
}
brief() {
  printf '%s' "$1" | tr -d '{}"' | tr ',' '\n' | grep -E '^(alerts_s|p50|p99|lost|repeated|errors|rss_mib|find_p50|idle_mib|load_alerts_s|syncs_s):' | tr '\n' ' ' || true
}

wanted() { [[ $1 =~ $cells ]]; }

# Each measurement is of a server of its own, so that none carries what an earlier one left behind; the others are not
# running meanwhile. Who comes first changes from round to round.
compare() {
  local cell=$1 command=$2 system systems=("${@:3}")
  wanted "$cell" || return 0
  if [ $((round % 2)) = 0 ]; then mapfile -t systems < <(printf '%s\n' "${systems[@]}" | tac); fi
  for system in "${systems[@]}"; do
    start "$system"
    measure "$system" "$cell" "$command" --processes "$process" "${target[@]}" "${options[@]}"
    stop
  done
}

began_at=$(date +%H:%M)
load_before=$(cut -d' ' -f1-3 /proc/loadavg)
for round in $(seq "$rounds"); do
  step "Round $round of $rounds"
  measure disk sync sync --directory "$scratch"
  for batch in 1 10 100 1000; do
    for connections in 1 16 64; do
      options=(--batch "$batch" --connections "$connections" --seconds "$seconds")
      compare "distinct-b$batch-c$connections" ingest alertmanager allclear floor
      options+=(--repeated 1000)
      compare "repeated-b$batch-c$connections" ingest alertmanager allclear
    done
  done
  options=(--sink "$sink" --trials "$trials")
  compare page-idle page alertmanager allclear floor
  options=(--sink "$sink" --trials "$trials" --load-connections 8 --load-batch 64 --load-rate 156.25)
  compare page-10k page alertmanager allclear floor
  options=(--sink "$sink" --trials "$trials" --load-connections 16 --load-batch 64)
  compare page-flat-out page alertmanager allclear floor

  if [ "$round" -le "$once" ]; then
    view_header=(--view-header "Authorization: Bearer $view")
    options=(--alerts 10000 --seconds "$hold" --finds 50 "${view_header[@]}")
    compare active-10k hold alertmanager allclear
    options=(--alerts 100000 --seconds "$hold" --finds 50 "${view_header[@]}")
    compare active-100k hold alertmanager allclear
    options=(--alerts 1000000 --finds 50 "${view_header[@]}")
    compare active-1m hold alertmanager allclear
  fi

  if wanted start-first; then
    measure allclear start-first start --ready "http://$ours/-/ready" --fresh "$scratch/allclear" -- "${serve_ours[@]}"
    measure alertmanager start-first start --ready "http://$theirs/-/ready" --fresh "$scratch/alertmanager" -- "${serve_theirs[@]}"
  fi
  if wanted start-empty; then
    rm -rf "$scratch/allclear"
    cp -r "$template" "$scratch/allclear"
    measure allclear start-empty start --ready "http://$ours/-/ready" -- "${serve_ours[@]}"
    measure alertmanager start-empty start --ready "http://$theirs/-/ready" -- "${serve_theirs[@]}"
  fi
  if [ "$round" -le "$once" ] && wanted start-100k; then
    start allclear
    "$bench" hold --alerts 100000 --processes "$process" "${target[@]}" >/dev/null
    stop TERM # keeps the database
    measure allclear start-100k start --ready "http://$ours/-/ready" -- "${serve_ours[@]}"
  fi
  rm -rf "$scratch/allclear" "$scratch/alertmanager"
done

step "Results"
say "From $began_at to $(date +%H:%M), $(nproc) processors, load average $load_before before, $(cut -d' ' -f1-3 /proc/loadavg) after; $(prometheus-alertmanager --version 2>&1 | head -1 | cut -d'(' -f1)"
"$bench" report "$lines"
printf '\nThe lines of all measurements are in %s.\n' "$lines"
if [ "$failures" -gt 0 ]; then die "$failures measurements failed"; fi
