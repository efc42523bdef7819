#!/usr/bin/env bash
# Sets up all that the tests need, runs them, and removes what it started. Ends with a line that counts.
# scripts/test.sh [all|check|unit|e2e|crash]; unit: the checks and the Rust tests, without the journeys
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
source scripts/packages.sh
source scripts/assets.sh
source scripts/postgres.sh

what=${1:-all}
passed=0
failed=0
left_out=
scratch=$(mktemp -d)
chmod 755 "$scratch" # PostgreSQL and Exim run as users of their own
logs=$scratch/logs
mkdir "$logs"
stop() {
  stop_postgres
  rm -rf "$scratch"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

tell() {
  passed=$((passed + $1))
  failed=$((failed + $2))
  say "$1 passed, $2 failed: $3"
}

# check WORDS COMMAND...: a check that passes or fails as a whole.
check() {
  local words=$1
  shift
  step "$words"
  if "$@" >"$logs/check.log" 2>&1; then tell 1 0 "$words"; else
    cat "$logs/check.log"
    tell 0 1 "$words"
  fi
}

rust_tests() {
  step "Rust tests, on SQLite and PostgreSQL"
  local log=$logs/cargo.log failures=0 status=0
  export ALLCLEAR_GALLERY=$scratch/gallery # the pages of web's samples, for the journeys
  cargo test --workspace --locked --no-fail-fast 2>&1 | tee "$log" |
    { grep -E --line-buffered '^( +Running|test result|   Doc-tests)' || true; } || status=$?
  failures=$(sum 's/^test result: .* ([0-9]+) failed;.*/\1/p' "$log")
  if [ "$status" != 0 ]; then
    grep -vE '^test .* ok$|^( +Compiling|running|$)' "$log" | tail -300 || true
    if [ "$failures" = 0 ]; then failures=1; fi # it did not compile
  fi
  tell "$(sum 's/^test result: [^0-9]* ([0-9]+) passed;.*/\1/p' "$log")" "$failures" "Rust tests"
}

sum() { sed -nE "$1" "$2" | awk '{ n += $1 } END { print n + 0 }'; }

# journeys WORDS FILE...: runs test files with node against the program as built for tests, two files at a time:
# most of what a journey does is wait, and whatever it starts has ports and folders of its own.
journeys() {
  local words=$1
  shift
  step "$words"
  local log=$logs/journeys.tap failures status=0
  : >"$log"
  ALLCLEAR_BIN=$root/target/debug/allclear EXIM_BIN=$exim \
    node --test --test-concurrency=2 --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=tap --test-reporter-destination="$log" "$@" || status=$?
  failures=$(($(sum 's/^# fail ([0-9]+)$/\1/p' "$log") + $(sum 's/^# cancelled ([0-9]+)$/\1/p' "$log")))
  if [ "$status" != 0 ] && [ "$failures" = 0 ]; then failures=1; fi
  tell "$(sum 's/^# pass ([0-9]+)$/\1/p' "$log")" "$failures" "$words"
}

need_tools cargo npm node
step "Packages"
packages=(postgresql shellcheck)
# In CI and here alike the journeys use Debian's own programs; libidn12 and the next two are Exim's libraries.
packages+=(python3-venv chromium fonts-liberation prometheus prometheus-alertmanager openssl libidn12 libgnutls-dane0 libnsl2)
command -v cc >/dev/null || packages+=(gcc libc6-dev)
want "${packages[@]}"
unpack_exim
assets

if [ "$what" = all ] || [ "$what" = check ] || [ "$what" = unit ]; then
  check "Shell scripts (shellcheck)" shellcheck -x scripts/run.sh scripts/test.sh scripts/bench.sh .ci/run
  check "Formatting (cargo fmt)" cargo fmt --all --check
  check "Lints (cargo clippy)" cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
fi
if [ "$what" = all ] || [ "$what" = unit ]; then
  start_postgres
  rust_tests
fi
if [ "$what" != check ]; then
  [ -n "$postgres_pid" ] || start_postgres
  step "Building the program for the journeys"
  # As the tests have built it, with the one feature that they add; otherwise most of it would be built again.
  cargo build --locked --quiet --workspace --bins --features store/testing
fi
if [ "$what" = all ] || [ "$what" = e2e ]; then
  # It comes from another place than all else. Without it the journeys say what they left out, and so does the end.
  install_synapse || left_out="; left out: the journeys with Matrix, because Synapse could not be installed"
  install_openfeature || left_out="$left_out; left out: the journey with the Python SDK of OpenFeature, which could not be installed"
  install_mcp || left_out="$left_out; left out: the journey with the Python client of MCP, which could not be installed"
  install_stix || left_out="$left_out; left out: the look of the validator of STIX, which could not be installed"
  mapfile -t files < <(find e2e -maxdepth 1 -name '*.test.mjs' ! -name crash.test.mjs | sort)
  journeys "Journeys on real programs" "${files[@]}"
fi
if [ "$what" = all ] || [ "$what" = crash ]; then
  journeys "Crash test" e2e/crash.test.mjs
fi

printf '\nIt took %s minutes.\n' "$(clock $((SECONDS - began)))"
say "$passed passed, $failed failed$left_out"
[ "$failed" = 0 ]
