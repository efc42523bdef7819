# shellcheck shell=bash
# Browser assets and npm packages: by the lock file, and only when something changed. Sourced by run.sh and test.sh.

assets() {
  local lock built
  lock=$(sha256sum package-lock.json)
  if [ "$(cat node_modules/.allclear-lock 2>/dev/null)" != "$lock" ]; then
    say "npm packages: installing what package-lock.json names"
    npm ci --silent --no-audit --no-fund
    printf '%s\n' "$lock" >node_modules/.allclear-lock
  else
    say "npm packages: all there"
  fi
  # Built again only when a source changed: the binary embeds the result, and would be built again too.
  built=$(find build.mjs crates/web/assets -path crates/web/assets/dist -prune -o -type f -print0 | sort -z | xargs -0 sha256sum | cat - <(printf '%s\n' "$lock") | sha256sum)
  if [ "$(cat crates/web/assets/dist/.built 2>/dev/null)" != "$built" ]; then
    say "browser assets: building"
    node build.mjs
    printf '%s\n' "$built" >crates/web/assets/dist/.built
  else
    say "browser assets: up to date"
  fi
}
