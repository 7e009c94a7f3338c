#!/usr/bin/env bash
# Builds Ditu, writes the sample city, imports it and serves it. A second run starts in seconds.
# PORT, ADDR and SCALE (size of the city, 1 to 10) are respected. Everything it makes lies in demo-data/.
set -euo pipefail
source "$(dirname "$0")/env.sh"
cd "$root"
addr=${ADDR:-127.0.0.1}:${PORT:-8080}
scale=${SCALE:-1}

# What needs only the network and Node goes on while apt installs; what it said is shown when it failed.
log=$(mktemp "${TMPDIR:-/tmp}/ditu-demo.XXXXXX")
{ cargo fetch --locked --quiet & scripts/web.sh && wait $!; } >"$log" 2>&1 &
pages=$!
trap 'kill "$pages" 2>/dev/null || true; rm -f "$log"' EXIT
scripts/setup.sh demo
wait "$pages" || { cat "$log" >&2; exit 3; }
trap - EXIT
rm -f "$log"
# The profile `demo` builds faster than `release`; figures of speed come from `make bench`.
cargo build --profile demo --locked -p ditu
ditu=$CARGO_TARGET_DIR/demo/ditu

data=demo-data/scale-$scale
made=$data/.imported
# A city made by another build is made again: the sample and the layer definitions may have changed.
stamp=$(sha256sum "$ditu" | cut -c1-16)
if [ "$(cat "$made" 2>/dev/null)" != "$stamp" ]; then
  rm -rf "$data"
  mkdir -p "$data"
  "$ditu" sample "$data/delivery" --scale "$scale"
  "$ditu" --data "$data/ditu-data" import "$data/delivery"
  echo "$stamp" >"$made"
fi
exec "$ditu" --data "$data/ditu-data" serve --addr "$addr" --public all
