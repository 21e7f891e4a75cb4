#!/bin/sh
# Runs every fuzz target of the module for a time each:
#
#   sh tools/fuzz.sh 20s
#
# A failing input is written below the package's testdata/fuzz: commit it with
# the fix.
set -eu
cd "$(dirname "$0")/.."
fuzztime=${1:-20s}

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# fuzz runs the target named $2 of the package in $1.
fuzz() {
  printf '== %s %s\n' "$1" "$2"
  { go test -run '^$' -fuzz "^$2\$" -fuzztime "$fuzztime" "$1" 2>&1 || echo "$2 failed"; } | tee "$log"
  ! grep -q "^$2 failed\$" "$log"
}

# overtime reports whether the last run failed by its own end alone: go before
# 1.27 may take that for a failure (https://go.dev/issue/75804). A failing input
# would have been written.
overtime() {
  grep -q '^    context deadline exceeded$' "$log" && ! grep -q 'Failing input\|panic:' "$log"
}

count=0 failed=0
for file in $(find . -name '*_test.go' -exec grep -l '^func Fuzz[A-Z]' {} + | sort); do
  for target in $(sed -n 's/^func \(Fuzz[A-Z][A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
    package=$(dirname "$file")
    fuzz "$package" "$target" || { overtime && fuzz "$package" "$target"; } || failed=$((failed + 1))
    count=$((count + 1))
  done
done
if [ "$count" -eq 0 ]; then
  echo "fuzz: no target found" >&2
  exit 1
fi
printf '%d fuzz targets ran %s each, %d failed\n' "$count" "$fuzztime" "$failed"
[ "$failed" -eq 0 ]
