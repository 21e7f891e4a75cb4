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
		if err := g.beyondAuthFunc(method); err != nil {
			return nil, deny(method, fault.ReasonOf(err), err)
		}
		ctx, _, err := g.admit(ctx, method, nil)
		return ctx, err
	}
}

// beyondAuthFunc tells why AuthFunc can't guard a method, or nil.
func (g *Guard) beyondAuthFunc(method string) error {
	rules := g.rules.Load()
	if rules == nil {
		return nil // which admit refuses
	}
	switch rule := (*rules)[method]; {
	case rule == nil:
	case rule.stream:
		return errStreamByAuthFunc
	case len(rule.policy.Bindings()) > 0:
		return errBindByAuthFunc
	}
	return nil
}
