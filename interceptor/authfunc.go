package interceptor

import (
	"context"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// Why AuthFunc refuses what it can't guard.
var (
	errStreamByAuthFunc = fault.New(grpcauthv1.Reason_REASON_NOT_GUARDED, "interceptor: AuthFunc can't end streams: take guard.Stream() for them")
	errBindByAuthFunc   = fault.New(grpcauthv1.Reason_REASON_NOT_GUARDED, "interceptor: AuthFunc does not see the request that the rule binds claims to: take guard.Unary()")
)

// AuthFunc adapts the Guard to the auth interceptor of go-grpc-middleware v2,
// for unary methods, and counts as having taken [Guard.Unary].
//
//	grpc.ChainUnaryInterceptor(auth.UnaryServerInterceptor(guard.AuthFunc()))
//
// It refuses streams, because it has no way to end one, and methods whose rule
// binds claims to the request, which it does not see: take [Guard.Stream] and
// [Guard.Unary] for those. Beware that a service with an AuthFuncOverride method, its own
// or one of an embedded struct, is never asked about here: [Guard.Protect]
// does not vouch for servers that use AuthFunc. Prefer [Guard.Unary].
func (g *Guard) AuthFunc() auth.AuthFunc {
	g.unaryTaken.Store(true)
	return func(ctx context.Context) (context.Context, error) {
		method, _ := grpc.Method(ctx)
		var v verdict
		begun := g.begin()
		if v.rule = g.registered(method); v.rule.beyondAuthFunc() != nil {
			v.refuse(method, grpcauthv1.Reason_REASON_NOT_GUARDED, v.rule.beyondAuthFunc())
		} else {
			g.decide(ctx, method, nil, &v)
		}
		ctx, _, err := g.conclude(ctx, method, &v, begun)
		return ctx, err
	}
}

// registered is the rule of a method, nil where there is none, and until
// Protect has succeeded.
func (g *Guard) registered(method string) *methodRule {
	if rules := g.rules.Load(); rules != nil {
		return (*rules)[method]
	}
	return nil
}

// beyondAuthFunc tells why AuthFunc can't guard a method, or nil.
func (r *methodRule) beyondAuthFunc() error {
	switch {
	case r == nil:
	case r.stream:
		return errStreamByAuthFunc
	case r.policy != nil && len(r.policy.Bindings()) > 0:
		return errBindByAuthFunc
	}
	return nil
}
