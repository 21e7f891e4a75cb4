package interceptor

import (
	"context"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

var errStreamByAuthFunc = fault.New(grpcauthv1.Reason_REASON_NOT_GUARDED, "interceptor: AuthFunc can't end streams: take guard.Stream() for them")

// AuthFunc adapts the Guard to the auth interceptor of go-grpc-middleware v2,
// for unary methods, and counts as having taken [Guard.Unary].
//
//	grpc.ChainUnaryInterceptor(auth.UnaryServerInterceptor(guard.AuthFunc()))
//
// It refuses streams, because it has no way to end one: take [Guard.Stream]
// for those. Beware that a service with an AuthFuncOverride method, its own
// or one of an embedded struct, is never asked about here: [Guard.Protect]
// does not vouch for servers that use AuthFunc. Prefer [Guard.Unary].
func (g *Guard) AuthFunc() auth.AuthFunc {
	g.unaryTaken.Store(true)
	return func(ctx context.Context) (context.Context, error) {
		method, _ := grpc.Method(ctx)
		if rules := g.rules.Load(); rules != nil {
			if p, ok := (*rules)[method]; ok && p.stream {
				return nil, deny(method, errStreamByAuthFunc)
			}
		}
		ctx, _, err := g.admit(ctx, method)
		return ctx, err
	}
}
