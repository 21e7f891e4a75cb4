// Package testkit is what the tests of this repository share.
//
// A test that needs a program beyond Go asks for it by name:
//
//	buf := testkit.Require(t, "buf")
//	out, err := exec.Command(buf, "build", dir).CombinedOutput()
//
// Where the program is missing the test skips and the gap is noted, so that
// `make test` can list at its end what did not run. Under
// GRPCAUTH_TEST_REQUIRE=all, as in CI, a missing program fails the test:
// nothing is skipped there.
//
// [Postgres] gives a test an empty database of its own in the same way, and
// [NewPostgres] a server that it may stop.
//
// [RequirePeers] does the same for Node.js and the packages of internal/peers.
//
// The services that tests call live in proto/ and gen/ beside this file.
package testkit
