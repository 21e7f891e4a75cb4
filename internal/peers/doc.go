// Package peers tests grpcauth beside what others wrote, each as a process of
// its own on the loopback address: an issuer of the field, oidc-provider,
// whose tokens a guarded server must take, and verifiers of the field, jose
// and jsonwebtoken with jwks-rsa, which must take ours and refuse them when
// they were changed.
//
// They are npm packages. package.json and package-lock.json pin them, `make
// tools` installs them into .bin/peers, and without them or without Node.js
// the tests are skipped and listed, except in CI (package testkit). To move to
// newer versions, change package.json, run
//
//	npm install --package-lock-only --ignore-scripts
//
// here, and then `make tools`. The lock file holds hashes and no addresses
// (.npmrc), so that any registry will do.
//
// It holds tests and nothing else.
package peers
