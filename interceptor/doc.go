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
// Every call, unary or stream, goes through the same checks in the same
// order, and the first that fails decides: the method's rule; the token's
// place in the metadata; the connection, which must be TLS or local; the
// token itself; its binding to a connection; then issuers, kinds, scopes and
// roles of the rule. A rule is never skipped because something could not be
// found out.
//
// # Streams end
//
// A stream that was let in ends when its token expires, plus the verifier's
// leeway, with TOKEN_EXPIRED. This holds when the handler is blocked in Recv
// or Send, and when it ignores its context; the context ends then, with the
// [*Denial] as its cause. (Over ServeHTTP a client that reads nothing can
// delay the rest, but not the end of the context.) The client opens a new
// stream with a new token.
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
