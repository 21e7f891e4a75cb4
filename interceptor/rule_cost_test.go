package interceptor_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// boundCall is a unary call of a token that is known, under a rule of scopes
// and roles and of these bindings.
func boundCall(tb testing.TB, bind ...*grpcauthv1.Binding) func() error {
	tb.Helper()
	issuer := authtest.NewIssuer(tb)
	rule := &grpcauthv1.Rule{Scopes: []string{"a"}, Roles: []string{"owner"}, Bind: bind}
	guard := authtest.NewServer(tb, issuer, func(r grpc.ServiceRegistrar) { testkitv1.RegisterBindServiceServer(r, binds{}) },
		interceptor.OverrideRule("/testkit.v1.BindService/*", rule)).Guard()
	ctx := arrived(tb.Context(), issuer.Token(token.Spec{
		Subject: "ada", Scopes: []string{"a", "b"}, Roles: []string{"owner"}, Claims: map[string]any{"n": 42, "org": map[string]any{"id": "acme"}},
	}))
	unary, info := guard.Unary(), &grpc.UnaryServerInfo{FullMethod: "/testkit.v1.BindService/Unary"}
	handler := func(context.Context, any) (any, error) { return nil, nil }
	var req any = &bindRequest{User: "ada", Number: 42, Parent: &testkitv1.BindParent{Owner: "acme"}}
	call := func() error {
		_, err := unary(ctx, req, info, handler)
		return err
	}
	if err := call(); err != nil { // from now on the token is known
		tb.Fatal(err)
	}
	return call
}

func usualBinds() map[string]*grpcauthv1.Binding {
	return map[string]*grpcauthv1.Binding{
		"string": {Claim: "sub", Field: "user"}, "integer": {Claim: "n", Field: "number"}, "nested": {Claim: "org.id", Field: "parent.owner"},
	}
}

func TestBindAddsNoAllocation(t *testing.T) { // not parallel: others would be counted
	count := func(call func() error) float64 {
		var err error
		n := testing.AllocsPerRun(1000, func() {
			if failed := call(); failed != nil {
				err = failed
			}
		})
		ok.check(t, err)
		return n
	}
	without := count(boundCall(t))
	for name, bind := range usualBinds() {
		if with := count(boundCall(t, bind)); with > without {
			t.Errorf("%s: %v allocations, %v without the binding", name, with, without)
		}
	}
}

// BenchmarkBind shows what a binding adds to a call.
func BenchmarkBind(b *testing.B) {
	measure := func(b *testing.B, bind ...*grpcauthv1.Binding) {
		call := boundCall(b, bind...)
		b.ReportAllocs()
		for b.Loop() {
			if err := call(); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("none", func(b *testing.B) { measure(b) })
	for name, bind := range usualBinds() {
		b.Run(name, func(b *testing.B) { measure(b, bind) })
	}
}
