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

# Synapse, the homeserver of the tests, in an environment of its own. A broken one is made anew.
synapse_version=1.163.2
install_synapse() {
  synapse=$root/.allclear/synapse
  if [ "$("$synapse/bin/python" -c 'import synapse; print(synapse.__version__)' 2>/dev/null)" = "$synapse_version" ]; then
    say "Synapse $synapse_version: there"
    return
  fi
  say "installing Synapse $synapse_version into .allclear/synapse"
  rm -rf "$synapse"
  { python3 -m venv "$synapse" && "$synapse/bin/pip" install --quiet --disable-pip-version-check --requirement scripts/synapse.txt; } >"$logs/synapse.log" 2>&1 ||
    { tail -20 "$logs/synapse.log"; say "Synapse could not be installed"; rm -rf "$synapse"; return 1; }
}

# The Python SDK of OpenFeature with its OFREP provider, which asks for flags in the journeys.
install_openfeature() {
  openfeature=$root/.allclear/openfeature
  if "$openfeature/bin/python" -c 'import openfeature.contrib.provider.ofrep, openfeature.contrib.tools.flagd.core' 2>/dev/null; then
    say "OpenFeature for Python: there"
    return
  fi
  say "installing OpenFeature for Python into .allclear/openfeature"
  rm -rf "$openfeature"
  { python3 -m venv "$openfeature" && "$openfeature/bin/pip" install --quiet --disable-pip-version-check --requirement scripts/openfeature.txt; } >"$logs/openfeature.log" 2>&1 ||
    { tail -20 "$logs/openfeature.log"; say "OpenFeature for Python could not be installed"; rm -rf "$openfeature"; return 1; }
}

# The official Python client of the Model Context Protocol, which asks as an assistant in the journeys.
install_mcp() {
  mcp=$root/.allclear/mcp
  if "$mcp/bin/python" -c 'import mcp.client.client' 2>/dev/null; then
    say "MCP client for Python: there"
    return
  fi
  say "installing the MCP client for Python into .allclear/mcp"
  rm -rf "$mcp"
  { python3 -m venv "$mcp" && "$mcp/bin/pip" install --quiet --disable-pip-version-check --requirement scripts/mcp.txt; } >"$logs/mcp.log" 2>&1 ||
    { tail -20 "$logs/mcp.log"; say "the MCP client for Python could not be installed"; rm -rf "$mcp"; return 1; }
}

# The validator of STIX, to which the journeys show what is written for others.
install_stix() {
  stix=$root/.allclear/stix
  if [ -x "$stix/bin/stix2_validator" ]; then
    say "validator of STIX: there"
    return
  fi
  say "installing the validator of STIX into .allclear/stix"
  rm -rf "$stix"
  { python3 -m venv "$stix" && "$stix/bin/pip" install --quiet --disable-pip-version-check --requirement scripts/stix.txt; } >"$logs/stix.log" 2>&1 ||
    { tail -20 "$logs/stix.log"; say "the validator of STIX could not be installed"; rm -rf "$stix"; return 1; }
}
