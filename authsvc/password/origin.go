package password

import (
	"context"
	"net/netip"
)

type originKey struct{}

// WithOrigin says who a call is made for: the block of addresses the caller
// sits in. While the queue is full, the blocks share it evenly, so make the
// prefix as wide as what one party owns, such as a /24 of IPv4 or a /48 of
// IPv6. Calls without an origin have one share together.
//
// It is in the context, because the caller's address is known to the server
// and the hash is wanted by code that looks users up and knows of neither. The
// Service of package authsvc sets it before it asks your Authenticate.
func WithOrigin(ctx context.Context, origin netip.Prefix) context.Context {
	return context.WithValue(ctx, originKey{}, origin.Masked())
}

func originOf(ctx context.Context) netip.Prefix {
	origin, _ := ctx.Value(originKey{}).(netip.Prefix)
	return origin
}
