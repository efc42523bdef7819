#!/usr/bin/env bash
# Measures flags: one and a hundred over OFREP beside a hello-world of the same HTTP stack, a flip on its way to open
# streams, and evaluation in process. bench/README.md says what each figure means.
#   ROUNDS=5 SECONDS_PER_CELL=2 scripts/bench-flags.sh
# ALLCLEAR_BIN and BENCH_BIN name programs that are built already.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
source scripts/assets.sh

rounds=${ROUNDS:-5}
seconds=${SECONDS_PER_CELL:-2}
scratch=$(mktemp -d)
running=()
leave() {
  local process
  for process in ${running[@]+"${running[@]}"}; do kill -KILL "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$scratch"
}
trap leave EXIT
trap 'exit 130' INT TERM HUP

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
ours=127.0.0.1:$(free_port)
hello=127.0.0.1:$(free_port)

# A hundred flags: a third without a rule, a third with one condition, a third with three rules and shares.
python3 - "$scratch/flags.json" <<'PY'
import json, sys
flags = {}
for n in range(100):
    flag = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off"}
    if n % 3 == 1:
        flag["targeting"] = {"if": [{"==": [{"var": "country"}, "de"]}, "on"]}
    if n % 3 == 2:
        flag["targeting"] = {"if": [{"ends_with": [{"var": "email"}, "@example.org"]}, "on", {"in": [{"var": "country"}, ["de", "at", "ch"]]}, "off", {"fractional": [["on", 10], ["off", 90]]}]}
    flags[f"flag-{n:02}"] = flag
json.dump({"flags": flags}, open(sys.argv[1], "w"))
PY

step "A server with 100 flags, and a hello-world"
data=$scratch/data
mkdir -p "$data"
printf 'correct horse battery staple\n' | "$allclear" setup --local --data "$data" --person ana --full-name Ana --email ana@example.org --password-stdin >/dev/null
token=$("$allclear" token create --local --data "$data" --name bench --access administrator --person ana --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["secret"])')
"$allclear" serve --data "$data" --listen "$ours" --public-url "http://$ours" --log error &
running+=($!)
server=$!
"$bench" hello --listen "$hello" &
running+=($!)
"$bench" ready --ready "http://$ours/health" >/dev/null
"$bench" ready --ready "http://$hello/hello" >/dev/null
export ALLCLEAR_URL=http://$ours ALLCLEAR_TOKEN=$token
"$allclear" flag import "$scratch/flags.json" --in bench >/dev/null
key=$("$allclear" flag key bench --in bench 2>/dev/null)
body='{"context":{"targetingKey":"user-4711","email":"someone@elsewhere.example","country":"us","version":"1.9.3"}}'
ask() { "$bench" ask --seconds "$seconds" --body "$body" --header "Authorization: Bearer $key" "$@"; }

step "Over OFREP, $rounds rounds"
for round in $(seq "$rounds"); do
  ask --cell hello-c64 --round "$round" --url "http://$hello/hello" --connections 64
  ask --cell one-c64 --round "$round" --url "http://$ours/ofrep/v1/evaluate/flags/flag-02" --connections 64 --processes "$server"
  ask --cell hello-c16 --round "$round" --url "http://$hello/hello" --connections 16
  ask --cell bulk100-c16 --round "$round" --url "http://$ours/ofrep/v1/evaluate/flags" --connections 16 --processes "$server"
done | tee "$scratch/lines"
python3 - "$scratch/lines" <<'PY'
import json, statistics, sys
cells = {}
for line in open(sys.argv[1]):
    one = json.loads(line)
    cells.setdefault(one["cell"], {})[one["round"]] = one
def ratios(of, by):
    return [cells[of][r]["requests_s"] / cells[by][r]["requests_s"] for r in cells[of]]
def told(name, unit="requests_s"):
    return statistics.median(one[unit] for one in cells[name].values())
print(f"one flag, 64 connections: {told('one-c64'):,.0f}/s, hello-world {told('hello-c64'):,.0f}/s: {statistics.median(ratios('one-c64', 'hello-c64')):.0%} of hello-world")
print(f"100 flags, 16 connections: {told('bulk100-c16'):,.0f} requests/s ({told('bulk100-c16') * 100:,.0f} evaluations/s), p99 {told('bulk100-c16', 'p99'):.2f} ms; hello-world {told('hello-c16'):,.0f}/s")
PY

step "A flip, 1000 open streams"
ulimit -n 4096
stream=$(curl -sf -X POST -H "X-API-Key: $key" "http://$ours/ofrep/v1/evaluate/flags" | python3 -c 'import json,sys; print(json.load(sys.stdin)["eventStreams"][0]["endpoint"]["requestUri"])')
"$bench" streams --cell flip-1000 --url "http://$ours$stream" --streams 1000 --flip "'$allclear' flag kill flag-00 --in bench --why bench --for 1h"

step "In this process"
"$bench" evaluate --cell in-process --seconds "$seconds"
