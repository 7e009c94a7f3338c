#!/usr/bin/env bash
# Builds the web pages into web/dist when a source is newer than the last build.
set -euo pipefail
source "$(dirname "$0")/env.sh"
cd "$root/web"
if [ ! -e node_modules/.ready ] || [ package-lock.json -nt node_modules/.ready ]; then
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules/.ready
fi
if [ ! -e dist/.ready ] || [ -n "$(find src index.html vite.config.ts tsconfig.json package-lock.json public -newer dist/.ready -print -quit 2>/dev/null)" ]; then
  npm run --silent build
  touch dist/.ready
fi
