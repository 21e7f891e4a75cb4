// Package interceptor guards a gRPC server: a [Guard] reads the bearer token
// of every call, verifies it, checks the rule that is written beside the
// method in its .proto, and puts the caller's claims in the context.
//
//	guard, err := interceptor.New(verifier, interceptor.WithPublicInfrastructure())
//	...
//	srv := grpc.NewServer(
//		grpc.Creds(tls),
//		grpc.UnaryInterceptor(guard.Unary()),
//		grpc.StreamInterceptor(guard.Stream()),
//	)
//	notesv1.RegisterNotesServiceServer(srv, notes)
//	if err := guard.Protect(srv); err != nil {
//		return err // a method without a rule is never served
//	}
//
// In a handler, [token.FromContext] gives the claims. They are there only
// when every check passed; on public methods, and for a caller without a
// token on optional ones, they are not.
//
// # The order of a decision
//
// Every call, unary or stream, goes through the same steps in the same order,
// and the first that fails decides:
//
//  1. The method's rule. There must be one; a public method ends here, without
//     a look at the token.
//  2. The token's place in the metadata: "authorization: Bearer", or the first
//     of [WithTokenSource] that is present. An optional method ends here when
//     there is no token; a token that is there must be good.
//  3. The connection, which must be TLS or local, or from an address of
//     [AllowPlaintextFrom].
//  4. The token itself, and its kind.
//  5. What the token is bound to. One with a confirmation (cnf) is good only on
//     a TLS connection whose client showed the certificate that it names (RFC
//     8705 §3), whatever the rule. A confirmation of another sort can't be
//     checked and is refused. sender_constrained refuses tokens without one.
//  6. issuers.
//  7. Revocation: [WithRevocations], unless the rule has skip_revocation.
//  8. max_auth_age and deny_roles, which nothing lifts.
//  9. scopes, any_scopes, roles, claims and bind, which the rule's override
//     lifts. On a stream bind is asked of its messages: the first of a server
//     stream, every one of the others, before the handler sees it.
//  10. The server's own checks: [WithCheck].
//  11. The caller's user: [WithUser].
//
// Nothing is skipped because it could not be found out: what can't be known now
// is refused with UNAVAILABLE. The claims are published when all has passed,
// and not before.
//
// # Users and checks
//
// [WithUser] loads the caller's user from your own tables, and [UserFrom] gives
// it to handlers with its type. [WithCheck] asks what no rule can say, such as
// whether a tenant is open today. Both answer in the same way: with one error
// that refuses ([ErrNoUser], [ErrRejected]), and with any other for "I can't
// know". Where a rule depends on what a handler finds out, [Guard.Authenticate]
// holds the running call to a rule by the same steps.
//
// # In a chain
//
// The Guard comes after recovery and logging, and before whatever asks who is
// calling; both chains need it. Keep it out of selectors: what one skips is
// open, and [Guard.Protect] can't know. A method for anybody has the rule
// {public: true}. examples/chain has the whole chain of go-grpc-middleware.
//
// # Moving in
//
// [InsecureReportOnly] lets calls through that would be refused, as nobody, and
// tells [WithObserver] about them. Take it out when nothing is reported that
// should pass.
//
// # Streams end
//
// A stream that was let in ends when its token expires, plus the verifier's
// leeway, with TOKEN_EXPIRED. This holds when the handler is blocked in Recv
// or Send, and when it ignores its context; the context ends then, with the
// [*Denial] as its cause, and messages that came before it are not handed out
// any more. (Over ServeHTTP a client that reads nothing can delay the rest, but
// not this nor the end of the context.) The client opens a new stream with a
// new token.
//
// # The cache
//
// A token that was proven once is kept, by its whole text, and costs a look-up
// when it comes again, in place of a signature. What may change is asked at
// every call: the time, whether the issuer still has the key, and the rule.
// A token that was refused is never kept. Memory is bounded; what is used most
// stays. [WithCacheBytes] sets the bound or turns the cache off, and
// [Guard.CacheStats] and [Decision] tell how well it does.
//
// # Denials
//
// A refused call fails with a [*Denial]. The client sees a code, a public
// message and a google.rpc.ErrorInfo whose domain is "grpcauth" and whose
// reason is one of [grpcauthv1.Reason] without its prefix. UNAUTHENTICATED is
// about the credential, PERMISSION_DENIED about the rule, UNAVAILABLE means
// that we could not know. What lies behind it is told to the observer only.
package interceptor
