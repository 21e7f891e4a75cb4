package token

import "context"

type contextKey struct{}

// NewContext returns a context that carries claims. The guard calls it after
// every check has passed; tests of handlers may call it too.
func NewContext(ctx context.Context, claims *Claims) context.Context {
	return context.WithValue(ctx, contextKey{}, claims)
}

// FromContext returns the claims that the call was let in with, and false
// when there are none: on public methods, and on optional methods that were
// called without a token.
func FromContext(ctx context.Context) (*Claims, bool) {
	claims, ok := ctx.Value(contextKey{}).(*Claims)
	return claims, ok && claims != nil
}
