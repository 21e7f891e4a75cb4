#!/bin/sh
# Runs the tests of both modules, then says which of them did not run because
# a program was missing (internal/testkit notes them).
set -u
cd "$(dirname "$0")/.."

GRPCAUTH_TEST_MISSING=$(mktemp) || exit 1
export GRPCAUTH_TEST_MISSING
trap 'rm -f "$GRPCAUTH_TEST_MISSING"' EXIT

status=0
# TESTFLAGS is a list of words.
# shellcheck disable=SC2086
go test ${TESTFLAGS:-} ./... || status=1
# shellcheck disable=SC2086
(cd bench && go test ${TESTFLAGS:-} ./...) || status=1

echo
if [ -s "$GRPCAUTH_TEST_MISSING" ]; then
  echo "Not run here for want of a program (make tools installs most of them):"
  sort -u "$GRPCAUTH_TEST_MISSING" | while read -r line; do echo "  $line"; done
else
  echo "everything ran"
fi
[ "$status" -eq 0 ] || echo "some tests failed: see above"
exit "$status"
