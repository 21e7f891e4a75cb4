// Package revocation tells whether a token that is still valid has been taken
// back. A [Checker] answers for one token at a time; a guard asks it at every
// call.
//
//	guard, err := interceptor.New(verifier, interceptor.WithRevocations(checker))
//
// Without a checker a token stands until it expires. For a server with the
// AuthService in it, Service.Revocations of package authsvc is one; for tokens
// of other issuers, write a [CheckerFunc].
//
// A checker answers from memory wherever it can: it is asked for tokens that
// were verified long ago, too, whose call costs less than a microsecond
// otherwise.
package revocation
