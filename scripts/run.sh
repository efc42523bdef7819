#!/usr/bin/env bash
# Sets up, builds and serves Allclear on embedded SQLite, with its data in ./data.
# LISTEN=address:port and DATA=directory change where.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
source scripts/packages.sh
source scripts/assets.sh

listen=${LISTEN:-127.0.0.1:8080}
data=${DATA:-data}
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

need_tools cargo npm node
if ! command -v cc >/dev/null; then
  step "A C compiler: Rust links with it, and SQLite is built with it"
  want gcc libc6-dev
fi
step "Browser assets"
assets
step "Building the program (the first time takes some minutes)"
cargo build --release --locked -p allclear
rm -rf "$logs"
step "Allclear serves on http://$listen, with its data in $data. Ctrl-C stops it"
exec target/release/allclear serve --data "$data" --listen "$listen"
