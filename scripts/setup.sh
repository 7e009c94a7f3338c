#!/usr/bin/env bash
# Installs what Ditu needs beyond a Rust toolchain and Node on Debian 12, and only what is missing.
#   scripts/setup.sh demo    what the demo needs
#   scripts/setup.sh test    that, and PostgreSQL with PostGIS, Chromium and the tools the tests use as oracles
set -euo pipefail
want=${1:-demo}

packages=(libgdal-dev libsqlite3-dev pkg-config gcc g++ make fonts-noto-cjk curl)
if [ "$want" = test ]; then
  packages+=(gdal-bin proj-bin postgresql-15 postgresql-15-postgis-3 postgresql-15-postgis-3-scripts chromium strace)
fi
missing=()
for p in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
  sudo=
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "missing packages: ${missing[*]}; install them as root" >&2; exit 3; }
    sudo=sudo
  fi
  echo "installing: ${missing[*]}" >&2
  # The distribution's own cluster would start on installing; the tests start theirs.
  $sudo mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] ||
    echo 'create_main_cluster = false' | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
  $sudo apt-get update -q >&2
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
fi

for tool in cargo node npm; do
  command -v "$tool" >/dev/null || { echo "$tool is not on the PATH: install a Rust toolchain and Node 20 or later" >&2; exit 3; }
done
