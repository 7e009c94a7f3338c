#!/usr/bin/env bash
# The benches: criterion (encode, index), import against ogr2ogr, tiles against a plain file server. Prints figures and
# ratios of this run; asserts nothing. SCALE (default 1) is the size of the city, SECONDS_EACH the time a zoom.
set -euo pipefail
source "$(dirname "$0")/env.sh"
cd "$root"
scale=${SCALE:-1}
scripts/setup.sh test
scripts/web.sh
cargo build --release --locked -p ditu -p ditu-benches
ditu=$CARGO_TARGET_DIR/release/ditu
work=$(mktemp -d "${TMPDIR:-/tmp}/ditu-bench.XXXXXX")
server=
finish() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "${DITU_TEST_POSTGRES:-}" ] || scripts/postgres.sh stop "$DITU_TEST_POSTGRES"
  rm -rf "$work"
}
trap finish EXIT
# Runs a command quietly; prints wall seconds and peak memory of its largest process.
timed() { # name command...
  local name=$1; shift
  /usr/bin/time -f '%e %M' -o "$work/time" "$@" >"$work/out" 2>&1 || { cat "$work/out"; exit 3; }
  read -r seconds peak <"$work/time"
  printf '%-42s %8.2f s %8.0f MB\n' "$name" "$seconds" "$((peak / 1024))"
}
# Seconds of the peer, seconds of ours.
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "  ratio ogr2ogr / ditu: %.2f\n", a / b }'; }

"$ditu" sample "$work/delivery" --scale "$scale" >/dev/null
buildings=$(find "$work/delivery" -name '房屋.shp')
median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }
# Three pairs and the ratio of their medians. `before` takes away what the one before left: nobody pays for another's writing.
pairs() { # name peer-command -- ditu-command
  local name=$1 peer=() ours=() a=() b=(); shift
  while [ "$1" != -- ]; do peer+=("$1"); shift; done; shift
  ours=("$@")
  for i in 1 2 3; do
    before; timed "ogr2ogr to $name" "${peer[@]}"; a+=("$seconds")
    before; timed "ditu import to $name, checks included" "${ours[@]}"; b+=("$seconds")
  done
  ratio "$(median "${a[@]}")" "$(median "${b[@]}")"
}

printf '\nImport of %s features (%s)\n' "$(ogrinfo -so -al "$buildings" 2>/dev/null | sed -n 's/^Feature Count: //p')" "$(basename "$buildings")"
common=(--config SHAPE_ENCODING GBK -t_srs EPSG:4490 -nlt PROMOTE_TO_MULTI)
before() { rm -rf "$work/peer.gpkg" "$work/one"; }
pairs GeoPackage ogr2ogr -f GPKG "$work/peer.gpkg" "$buildings" "${common[@]}" -nln building -- \
  "$ditu" --data "$work/one" import "$buildings" --no-tiles
eval "$(scripts/postgres.sh start)"
connection=$(echo "$DITU_TEST_DATABASE" | sed -E 's#postgres://([^@]*)@([^:]*):([0-9]*)/(.*)#PG:host=\2 port=\3 user=\1 dbname=\4#')
before() {
  rm -rf "$work/two"
  psql -q "$DITU_TEST_DATABASE" -c 'SET client_min_messages = error' -c 'DROP SCHEMA IF EXISTS ditu CASCADE' \
    -c 'DROP TABLE IF EXISTS peer_building' -c CHECKPOINT
}
pairs PostGIS ogr2ogr -f PostgreSQL "$connection" "$buildings" "${common[@]}" -nln peer_building -- \
  "$ditu" --data "$work/two" --database "$DITU_TEST_DATABASE" import "$buildings" --no-tiles

# The same buildings in other formats: features a second, peak memory, and the ratio to ogr2ogr reading the same file.
count=$(ogrinfo -so -al "$buildings" 2>/dev/null | sed -n 's/^Feature Count: //p')
printf '\nThe same buildings by format, into a GeoPackage\n'
for format in GPKG:gpkg FlatGeobuf:fgb OpenFileGDB:gdb GeoJSON:geojson "MapInfo File":tab "MapInfo File":mif GML:gml CSV:csv; do
  ending=${format##*:}
  file="$work/buildings.$ending"
  write=() read=()
  [ "$ending" != csv ] || { write=(-lco GEOMETRY=AS_WKT -lco GEOMETRY_NAME=WKT); read=(-oo GEOM_POSSIBLE_NAMES=WKT -s_srs EPSG:4490); }
  ogr2ogr -f "${format%%:*}" "$file" "$buildings" "${write[@]}" --config SHAPE_ENCODING GBK -t_srs EPSG:4490 -nlt MULTIPOLYGON -nln building >/dev/null 2>&1
  rm -rf "$work/peer.gpkg" "$work/by-format"
  timed "ogr2ogr $ending" ogr2ogr -f GPKG "$work/peer.gpkg" "$file" "${read[@]}" -t_srs EPSG:4490 -nlt PROMOTE_TO_MULTI -nln building
  peer=$seconds
  timed "ditu import $ending, checks included" "$ditu" --data "$work/by-format" import "$file" --no-tiles --layer cadastre.building --crs EPSG:4490
  awk -v n="$count" -v s="$seconds" 'BEGIN { printf "  %.0f features/s\n", n / s }'
  ratio "$peer" "$seconds"
  rm -rf "$file"
done

printf '\nWhole city, scale %s, with tile generations\n' "$scale"
timed "ditu import" "$ditu" --data "$work/city" import "$work/delivery"

printf '\nTiles, no tile cache\n'
"$ditu" --data "$work/city" serve --addr 127.0.0.1:0 --public all --tile-cache-mb 0 >"$work/serve.log" 2>&1 &
server=$!
url=
for _ in $(seq 300); do
  url=$(grep -o -m 1 'http://[0-9.:]*' "$work/serve.log" || true)
  [ -z "$url" ] || break
  sleep 0.1
done
"$CARGO_TARGET_DIR/release/peers" "$url" --seconds "${SECONDS_EACH:-5}"

printf '\nCriterion\n'
cargo bench --locked -p ditu-benches --benches -- --quick
