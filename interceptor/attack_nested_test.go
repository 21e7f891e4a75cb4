package interceptor_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/test/bufconn"

	"github.com/grpcauth/grpcauth/authtest"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// nested is a guard that has let nobody in yet, and the context of a call to
// it from a handler of another guard's, in the same process: ada was let in
// there, and what her guard published is still in the context.
func nested(t *testing.T, options ...interceptor.Option) (*interceptor.Guard, *authtest.Issuer, context.Context) {
	t.Helper()
	issuer := authtest.NewIssuer(t)
	outer, inner := guardOf(t, issuer, interceptor.WithUser(found)), guardOf(t, issuer, options...)
	for _, guard := range []*interceptor.Guard{outer, inner} {
		srv := grpc.NewServer(guard.ServerOptions()...)
		testkitv1.RegisterRulesServiceServer(srv, rules{})
		testkitv1.RegisterStreamsServiceServer(srv, streams{})
		if err := guard.Protect(srv); err != nil {
			t.Fatal(err)
		}
	}
	ctx := peer.NewContext(t.Context(), &peer.Peer{Addr: bufconn.Listen(1).Addr()})
	ctx, err := outer.Authenticate(bearing(ctx, issuer.Token(token.Spec{Subject: "ada"})), interceptor.Authenticated())
	if err != nil {
		t.Fatal(err)
	}
	return inner, issuer, ctx
}

// bearing is a context of a call that came with this token, or with none.
func bearing(ctx context.Context, raw string) context.Context {
	md := metadata.MD{}
	if raw != "" {
		md.Set("authorization", "Bearer "+raw)
	}
	return metadata.NewIncomingContext(ctx, md)
}

// callers is who a handler finds in its context.
func callers(ctx context.Context) string {
	if u, ok := interceptor.UserFrom[*user](ctx); ok {
		return subject(ctx) + " as " + u.name
	}
	return subject(ctx)
}

// unaryAt is what a handler behind the guard finds.
func unaryAt(t *testing.T, guard *interceptor.Guard, ctx context.Context, method string) (who string) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			who = "a panic: " + p.(string)
		}
	}()
	_, err := guard.Unary()(ctx, nil, &grpc.UnaryServerInfo{FullMethod: method}, func(ctx context.Context, _ any) (any, error) {
		who = callers(ctx)
		return nil, nil
	})
	if err != nil {
		return err.Error()
	}
	return who
}

func TestACallWithinAnotherTellsNobodyOfTheOuterCaller(t *testing.T) {
	t.Parallel()
	const public, optional, authenticated = "/testkit.v1.RulesService/Public", "/testkit.v1.RulesService/Optional", "/testkit.v1.RulesService/Authenticated"
	reporting := []interceptor.Option{interceptor.InsecureReportOnly(), interceptor.WithObserver(func(context.Context, interceptor.Decision) {})}
	for name, tc := range map[string]struct {
		options []interceptor.Option
		method  string
		bearer  string
		want    string
	}{
		"a public method":                           {nil, public, "bob", "nobody"},
		"an optional method, without a token":       {nil, optional, "", "nobody"},
		"an optional method, without users":         {nil, optional, "bob", "a panic: interceptor: UserFrom[*interceptor_test.user]: no user was loaded: give interceptor.New the option WithUser, or a test's context NewUserContext"},
		"an optional method, with users":            {[]interceptor.Option{interceptor.WithUser(found)}, optional, "bob", "bob as bob"},
		"another caller, with users":                {[]interceptor.Option{interceptor.WithUser(found)}, authenticated, "bob", "bob as bob"},
		"refused, and let through in report-only":   {reporting, authenticated, "", "nobody"},
		"refused, and not let through":              {nil, authenticated, "", "no bearer token was sent"},
		"the outer caller's own token once more":    {[]interceptor.Option{interceptor.WithUser(found)}, authenticated, "ada", "ada as ada"},
		"a public method of a guard that has users": {[]interceptor.Option{interceptor.WithUser(found)}, public, "bob", "nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			guard, issuer, ctx := nested(t, tc.options...)
			if got := callers(ctx); got != "ada as ada" {
				t.Fatalf("the outer handler finds %s", got)
			}
			raw := ""
			if tc.bearer != "" {
				raw = issuer.Token(token.Spec{Subject: tc.bearer})
			}
			if got := unaryAt(t, guard, bearing(ctx, raw), tc.method); got != tc.want {
				t.Errorf("the handler finds %s\nwant %s", got, tc.want)
			}
		})
	}
}

// inProcess is a stream of a call that is made within another one.
type inProcess struct {
	grpc.ServerStream
	ctx context.Context
}

func (s inProcess) Context() context.Context { return s.ctx }

func TestAStreamWithinAnotherCallTellsNobodyOfTheOuterCaller(t *testing.T) {
	t.Parallel()
	guard, _, ctx := nested(t, interceptor.InsecureReportOnly(), interceptor.WithObserver(func(context.Context, interceptor.Decision) {}))
	var who string
	err := guard.Stream()(nil, inProcess{ctx: bearing(ctx, "")}, &grpc.StreamServerInfo{FullMethod: "/testkit.v1.StreamsService/Bidi"},
		func(_ any, stream grpc.ServerStream) error {
			who = callers(stream.Context())
			return nil
		})
	if err != nil || who != "nobody" {
		t.Errorf("the handler finds %s (%v), want nobody", who, err)
	}
}
