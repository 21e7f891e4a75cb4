package interceptor_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

// What a unary call whose token is known may allocate in the interceptor: the
// metadata's value and the context. Not in parallel: others would be counted.
func TestAllocationsOfADecisionAboutAKnownToken(t *testing.T) {
	ada := &user{"ada"}
	for _, tc := range []struct {
		name    string
		options []interceptor.Option
		most    float64
	}{
		{"scopes and roles", nil, 2},
		{"revocations and a check, too", []interceptor.Option{
			interceptor.WithRevocations(revocation.CheckerFunc(func(context.Context, *token.Claims) error { return nil })),
			interceptor.WithCheck(func(context.Context, *token.Claims) error { return nil }),
		}, 2},
		{"an observer, too", []interceptor.Option{interceptor.WithObserver(func(context.Context, interceptor.Decision) {})}, 2},
		{"a user, too", []interceptor.Option{loads(ada)}, 3},
		{"a place of its own", []interceptor.Option{interceptor.WithTokenSource(interceptor.Metadata("x-token", ""), interceptor.Metadata("authorization", "Bearer"))}, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			issuer := authtest.NewIssuer(t)
			rule := &grpcauthv1.Rule{Scopes: []string{"a", "b"}, Roles: []string{"admin", "owner"}, DenyRoles: []string{"suspended"}}
			guard := newServer(t, issuer, append(tc.options, interceptor.OverrideRule("/testkit.v1.RulesService/Authenticated", rule))...).Guard()
			ctx := arrived(t.Context(), issuer.Token(token.Spec{Scopes: []string{"a", "b"}, Roles: []string{"owner"}}))
			unary, info := guard.Unary(), &grpc.UnaryServerInfo{FullMethod: "/testkit.v1.RulesService/Authenticated"}
			handler := func(context.Context, any) (any, error) { return nil, nil }
			req := any(&testkitv1.AuthenticatedRequest{})
			var err error
			got := testing.AllocsPerRun(1000, func() {
				if _, failed := unary(ctx, req, info, handler); failed != nil {
					err = failed
				}
			})
			ok.check(t, err)
			if got > tc.most {
				t.Errorf("%v allocations, want at most %v", got, tc.most)
			}
		})
	}
}
