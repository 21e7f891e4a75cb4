// Package policy is the language of rules: it finds the rule that is written
// beside a method in its .proto, refuses one that can't be right, and compiles
// the others into checks. The interceptor enforces them; the grpcauth program
// shows and explains them.
//
//	rule, _, err := policy.Find(method)
//	...
//	p, err := policy.Compile(rule, method.Input(), verifier.Issuers())
//	...
//	for _, check := range p.Checks() {
//		details, err := check.Test(claims, now)
//	}
//
// What can't be told from claims alone (revocation, the connection) is asked
// by the interceptor, which knows where.
package policy
