# Sourced by test.sh and shared.sh: runs tests, counts them, and says at the end how many ran of each kind.
# DITU_TEST_COUNTS names a file that collects the closing lines of several scripts; who sets it prints them.
counts=${DITU_TEST_COUNTS:-}
[ -n "$counts" ] || counts=$(mktemp "${TMPDIR:-/tmp}/ditu-counts.XXXXXX")

# The tests over the real files beside the project are those in modules named `shared`.
if cargo nextest --version >/dev/null 2>&1; then
  runner=(cargo nextest run --workspace --exclude ditu-benches --locked)
  own=(-E 'not test(/(^|::)shared::/)')
  real=(-E 'test(/(^|::)shared::/)')
else
  runner=(cargo test --workspace --exclude ditu-benches --locked)
  own=(-- --skip shared::)
  real=(-- shared::)
fi

# tally KIND COMMAND...: runs it, adds to "KIND: n passed, n failed" of the closing lines, and fails as it fails.
# Afterwards `left_out` holds the number of tests that the command's filter kept out.
tally() {
  local kind=$1 log status=0 passed failed before
  shift
  log=$(mktemp "${TMPDIR:-/tmp}/ditu-tally.XXXXXX")
  "$@" 2>&1 | tee "$log" || status=1
  sed -i 's/\x1b\[[0-9;]*m//g' "$log"
  sum() { { grep -E '^ *(Summary \[|test result:|Tests  )' "$log" | grep -oE "[0-9]+ ($1)" || true; } | awk '{ n += $1 } END { print n + 0 }'; }
  passed=$(sum passed)
  failed=$(sum 'failed|timed out|exec failed')
  left_out=$(sum 'skipped|filtered out')
  rm -f "$log"
  if [ $((passed + failed)) -eq 0 ]; then
    echo "$kind: no test ran" >&2
    status=1
  fi
  before=$(sed -nE "s/^$kind: ([0-9]+) passed, ([0-9]+) failed\$/\1 \2/p" "$counts")
  sed -i "/^$kind: /d" "$counts"
  read -r p f <<<"${before:-0 0}"
  echo "$kind: $((p + passed)) passed, $((f + failed)) failed" >>"$counts"
  return $status
}

# What ran of each kind; at the very end, whatever happened before.
closing() {
  [ -z "${DITU_TEST_COUNTS:-}" ] || return 0
  [ ! -s "$counts" ] || { printf '\n== what ran\n'; cat "$counts"; }
  rm -f "$counts"
}
