#!/bin/sh
# Prints the packages that people wrote and users run, with commas between
# them, for go test -coverpkg: no generated code, no examples, no test helpers.
set -eu
cd "$(dirname "$0")/.."
go list ./... | grep -v -E '/(gen|examples|testkit|storetest|repo|peers)(/|$)' | paste -s -d , -
