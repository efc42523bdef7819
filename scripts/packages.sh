# shellcheck shell=bash
# Debian packages: installs those that are missing, and keeps the services they bring from starting.
# shellcheck disable=SC2154 # root, logs and scratch are of the script that sources this
# Sourced by run.sh and test.sh.

installed() { dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

policy=/usr/sbin/policy-rc.d

# Packages of servers start them when they are installed, unless policy-rc.d says no. Ours says no for
# the time of the installation; one that was there before is put back.
forbid_services() {
  if [ -e "$policy" ]; then as_root mv "$policy" "$policy.allclear-kept"; fi
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}
restore_services() {
  as_root rm -f "$policy"
  if [ -e "$policy.allclear-kept" ]; then as_root mv "$policy.allclear-kept" "$policy"; fi
}

# want PACKAGE...: installs what is missing of them.
want() {
  local missing=() package
  for package in "$@"; do
    installed "$package" || missing+=("$package")
  done
  if [ ${#missing[@]} = 0 ]; then
    say "Debian packages: all there"
    return
  fi
  command -v apt-get >/dev/null || die "these packages are missing, and this is not Debian: ${missing[*]}"
  say "installing ${missing[*]}"
  (
    trap restore_services EXIT
    forbid_services
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$logs/apt.log" 2>&1 ||
      { tail -20 "$logs/apt.log"; die "the packages could not be installed"; }
  )
  # They shall not start with the machine either: only the tests use them.
  if [ -d /run/systemd/system ]; then
    local unit
    for unit in postgresql prometheus prometheus-alertmanager; do
      if [[ " ${missing[*]} " == *" $unit "* ]]; then as_root systemctl --quiet disable "$unit" || true; fi
    done
  fi
}

# Exim, the mail server of the tests, is unpacked here and not installed: installing one mail server
# removes the other that this machine may have. It only insists that its user exists.
unpack_exim() {
  exim=$root/.allclear/exim/usr/sbin/exim4
  if [ ! -x "$exim" ]; then
    say "unpacking exim4 into .allclear/exim"
    rm -rf .allclear/exim
    mkdir -p .allclear/exim
    (cd .allclear/exim && apt-get download -qq exim4-daemon-light 2>/dev/null && dpkg-deb -x exim4-daemon-light_*.deb .) ||
      die "the package exim4-daemon-light could not be fetched"
    chmod 755 "$exim" # without the set-user-id bit
  fi
  if ! getent passwd Debian-exim >/dev/null; then
    as_root useradd --system --no-create-home --home-dir /var/spool/exim4 --shell /usr/sbin/nologin Debian-exim
  fi
}

# python_environment NAME WORDS PROBE: what scripts/NAME.txt pins, in an environment of its own in .allclear/NAME. One in which
# PROBE (Python) fails is made anew.
python_environment() {
  local name=$1 words=$2 probe=$3 folder=$root/.allclear/$1
  if "$folder/bin/python" -c "$probe" 2>/dev/null; then
    say "$words: there"
    return
  fi
  say "installing $words into .allclear/$name"
  rm -rf "$folder"
  { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "scripts/$name.txt"; } >"$logs/$name.log" 2>&1 ||
    { tail -20 "$logs/$name.log"; say "$words could not be installed"; rm -rf "$folder"; return 1; }
}

# The homeserver of the tests.
synapse_version=1.163.2
install_synapse() {
  python_environment synapse "Synapse $synapse_version" "from importlib.metadata import version; assert version('matrix-synapse') == '$synapse_version'"
}

# The Python SDK with its OFREP provider, which asks for flags in the journeys, and flagd's own core, with which they compare.
install_openfeature() {
  python_environment openfeature "OpenFeature for Python" 'import openfeature.contrib.provider.ofrep, openfeature.contrib.tools.flagd.core'
}

# The official Python client of the Model Context Protocol, which asks as an assistant in the journeys.
install_mcp() {
  python_environment mcp "the MCP client for Python" 'import mcp.client.client'
}

# To which the journeys show what is written for others.
install_stix() {
  python_environment stix "the validator of STIX" 'import stix2validator'
}
