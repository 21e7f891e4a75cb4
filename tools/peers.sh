#!/bin/sh
# Installs the npm packages that internal/peers pins into .bin/peers, once for
# each state of its lock file. No package runs a script of its own here.
set -eu
cd "$(dirname "$0")/.."
pins=internal/peers
dir=.bin/peers
log=.bin/.peers.log

if cmp -s "$pins/package-lock.json" "$dir/installed.json"; then exit 0; fi
mkdir -p .bin
if ! command -v npm >/dev/null; then
  echo "tools: npm is needed for the packages of $pins: install Node.js" >&2
  exit 1
fi
printf '  peers: installing npm packages into %s\n' "$dir"
rm -rf "$dir" && mkdir "$dir"
cp "$pins/package.json" "$pins/package-lock.json" "$dir"
if ! npm ci --prefix "$dir" --ignore-scripts --no-audit --no-fund >"$log" 2>&1; then
  cat "$log" >&2
  echo "tools: the packages of $pins could not be installed: the reason stands above" >&2
  exit 1
fi
# Last, so that half an installation is never taken for a whole one.
cp "$pins/package-lock.json" "$dir/installed.json"
printf '  peers: ready\n'
