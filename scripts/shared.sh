#!/usr/bin/env bash
# The tests over the real files of ../shared/data (DITU_TEST_DATA names another folder), which are no part of the
# project. Where the folder is not, says which tests that leaves out.
set -euo pipefail
source "$(dirname "$0")/env.sh"
cd "$root"
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-never}
source scripts/tally.sh
began=$SECONDS
step() { printf '\n== %s (%d s)\n' "$1" $((SECONDS - began)); }
postgres=
finish() {
  [ -z "$postgres" ] || scripts/postgres.sh stop "$postgres"
  closing
}
trap finish EXIT
data=${DITU_TEST_DATA:-$root/../shared/data}

step "real files: set-up and build"
scripts/setup.sh test
scripts/web.sh
"${runner[@]}" --no-run

if [ ! -d "$data" ]; then
  step "real files: none here"
  # The names of both kinds, a line each: crate and path, file and title.
  if [ "${runner[1]}" = nextest ]; then
    names=$(cargo nextest list --workspace --exclude ditu-benches --locked "${real[@]}" --message-format oneline 2>/dev/null)
  else
    names=$("${runner[@]}" "${real[@]}" --list 2>/dev/null | sed -n 's/: test$//p')
  fi
  names+=$'\n'$(cd web && npx vitest list --project shared)
  echo "not run, because $data is not there (DITU_TEST_DATA names another folder):"
  sed 's/^/  /' <<<"$names"
  echo "shared: $(grep -c . <<<"$names") not run, because $data is not there" >>"$counts"
  exit 0
fi
export DITU_TEST_DATA
DITU_TEST_DATA=$(cd "$data" && pwd)

step "real files: unit and end-to-end tests"
eval "$(scripts/postgres.sh start)"
postgres=$DITU_TEST_POSTGRES
tally shared "${runner[@]}" "${real[@]}"

step "real files: browser tests"
DITU_BIN=$CARGO_TARGET_DIR/debug/ditu tally shared npm --prefix web run --silent shared

step "done"
