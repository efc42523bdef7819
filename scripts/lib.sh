# shellcheck shell=bash
# What the other scripts share: words, times, root's rights, free ports. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit

say() { printf '%s\n' "$*"; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Steps are numbered by their time since the start, so that a log tells what takes long.
began=$SECONDS
step() { printf '\n== %s (at %s)\n' "$*" "$(clock $((SECONDS - began)))"; }
clock() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

need_tools() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || die "'$tool' is missing: Allclear needs Rust (with cargo), Node 18 or newer (with npm) and make"
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root's rights, and there is no sudo: $*"
  fi
}

# A port that nothing listens on now.
free_port() {
  node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}
