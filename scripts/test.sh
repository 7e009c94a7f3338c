#!/usr/bin/env bash
# Every test that needs nothing but this folder: format, web, lint, unit, stores on PostGIS, end to end, browser.
# Starts and stops what it needs. The tests over real files of elsewhere are `scripts/shared.sh`.
set -euo pipefail
source "$(dirname "$0")/env.sh"
cd "$root"
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-never}
source scripts/tally.sh
began=$SECONDS
step() { printf '\n== %s (%d s)\n' "$1" $((SECONDS - began)); }
work=$(mktemp -d "${TMPDIR:-/tmp}/ditu-test.XXXXXX")
server=
finish() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "${DITU_TEST_POSTGRES:-}" ] || scripts/postgres.sh stop "$DITU_TEST_POSTGRES"
  rm -rf "$work"
  closing
}
trap finish EXIT

step "set-up"
scripts/setup.sh test

step "format"
cargo fmt --all --check

step "web: build, types, unit tests"
scripts/web.sh
(cd web && npm run --silent types)
tally web npm --prefix web run --silent test

step "lint"
cargo clippy --workspace --all-targets --locked --quiet -- -D warnings

step "build"
"${runner[@]}" --no-run

step "unit, store and end-to-end tests"
eval "$(scripts/postgres.sh start)"
tally rust "${runner[@]}" "${own[@]}"
shared=$left_out

step "browser tests"
ditu=$CARGO_TARGET_DIR/debug/ditu
"$ditu" sample "$work/delivery" --scale 1
"$ditu" --data "$work/city" import "$work/delivery" >"$work/import.log" 2>&1 || { cat "$work/import.log"; exit 1; }
"$ditu" --data "$work/city" serve --addr 127.0.0.1:0 --public all >"$work/address" 2>"$work/serve.log" &
server=$!
for _ in $(seq 300); do
  url=$(grep -o 'http://[0-9.:]*' "$work/address" "$work/serve.log" 2>/dev/null | head -n 1 | sed 's/^[^:]*:http/http/' || true)
  [ -z "$url" ] || break
  kill -0 "$server" 2>/dev/null || { cat "$work/serve.log"; exit 1; }
  sleep 0.2
done
[ -n "$url" ] || { echo "the server printed no address"; cat "$work/serve.log"; exit 1; }
DITU_URL=$url DITU_BIN=$ditu tally browser npm --prefix web run --silent e2e

[ -n "${DITU_TEST_COUNTS:-}" ] ||
  echo "shared: $shared not run; \`make test-shared\` runs them, over the real files of ../shared/data" >>"$counts"
step "done"
