package interceptor_test

import (
	"context"
	"net"
	"net/netip"
	"testing"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/realip"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

func TestAPanicBehindTheGuardIsRecovered(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	var d decisions
	guard := guardOf(t, issuer, d.option())
	recovered := recovery.WithRecoveryHandler(func(any) error { return status.Error(codes.Internal, "internal error") })
	srv := grpc.NewServer(
		grpc.ChainUnaryInterceptor(recovery.UnaryServerInterceptor(recovered), guard.Unary()),
		grpc.ChainStreamInterceptor(recovery.StreamServerInterceptor(recovered), guard.Stream()))
	testkitv1.RegisterRulesServiceServer(srv, rules{})
	testkitv1.RegisterStreamsServiceServer(srv, askingStreams{asking: asking{func(context.Context) string { panic("at the disco") }}})
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	eachShape(t, startOwn(t, srv), sending(t, "Bearer "+issuer.Token(token.Spec{})), func(t *testing.T, _ string, err error) {
		outcome{codes.Internal, 0}.check(t, err)
		if seen := d.read(); len(seen) != 1 || seen[0].Denied() {
			t.Errorf("the observer saw %+v", seen)
		}
	})
}

// Why no selector belongs before the Guard: what it skips is open, whatever
// the rule, and nothing can tell. Its handlers find no claims, and so nobody's
// data, if they ask whether there are any.
func TestASelectorBeforeTheGuardOpensWhatItSkips(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	guard := guardOf(t, issuer)
	guarded := selector.MatchFunc(func(_ context.Context, call interceptors.CallMeta) bool {
		return call.Service != testkitv1.StreamsService_ServiceDesc.ServiceName
	})
	srv := grpc.NewServer(
		grpc.ChainUnaryInterceptor(selector.UnaryServerInterceptor(guard.Unary(), guarded)),
		grpc.ChainStreamInterceptor(selector.StreamServerInterceptor(guard.Stream(), guarded)))
	testkitv1.RegisterRulesServiceServer(srv, rules{})
	testkitv1.RegisterStreamsServiceServer(srv, streams{})
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	conn := startOwn(t, srv)
	for name, ctx := range map[string]context.Context{
		"no token": t.Context(), "a token": sending(t, "Bearer "+issuer.Token(token.Spec{Subject: "ada"})),
	} {
		t.Run(name, func(t *testing.T) {
			eachShape(t, conn, ctx, func(t *testing.T, got string, err error) {
				ok.check(t, err)
				if got != "nobody" && got != "" {
					t.Errorf("the handler saw %q", got)
				}
			})
		})
	}
	_, err := testkitv1.NewRulesServiceClient(conn).Authenticated(t.Context(), &testkitv1.AuthenticatedRequest{})
	unauthenticated(missing).check(t, err)
}

// checklist: B3, B5 (an address in a header changes nothing about a connection)
func TestRealipMakesNoConnectionSecure(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	server := newServer(t, issuer, interceptor.AllowPlaintextFrom(netip.MustParsePrefix("198.51.100.0/24")))
	anywhere := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	headers := []string{realip.XForwardedFor, realip.XRealIp}
	plaintext := unauthenticated(grpcauthv1.Reason_REASON_PLAINTEXT)
	for name, tc := range map[string]struct {
		from, header string
		want         outcome
	}{
		"from afar, as this machine":     {"203.0.113.9", "127.0.0.1", plaintext},
		"from afar, as the proxy":        {"203.0.113.9", "198.51.100.7", plaintext},
		"from the proxy, for afar":       {"198.51.100.7", "203.0.113.9", ok},
		"from this machine, for afar":    {"127.0.0.1", "203.0.113.9", ok},
		"from beside the proxy, as both": {"198.51.101.7", "127.0.0.1, 198.51.100.7", plaintext},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := peer.NewContext(t.Context(), &peer.Peer{Addr: &net.TCPAddr{IP: net.ParseIP(tc.from), Port: 1}})
			ctx = metadata.NewIncomingContext(ctx, metadata.Pairs("authorization", "Bearer "+issuer.Token(token.Spec{}),
				realip.XForwardedFor, tc.header, realip.XRealIp, tc.header))
			_, err := realip.UnaryServerInterceptor(anywhere, headers)(ctx, nil, nil, func(ctx context.Context, req any) (any, error) {
				return server.Guard().Unary()(ctx, req, &grpc.UnaryServerInfo{FullMethod: "/testkit.v1.StreamsService/Unary"},
					func(context.Context, any) (any, error) { return nil, nil })
			})
			tc.want.check(t, err)
			err = realip.StreamServerInterceptor(anywhere, headers)(nil, &middleware.WrappedServerStream{WrappedContext: ctx}, nil, func(srv any, stream grpc.ServerStream) error {
				return server.Guard().Stream()(srv, stream, &grpc.StreamServerInfo{FullMethod: "/testkit.v1.StreamsService/Bidi"},
					func(any, grpc.ServerStream) error { return nil })
			})
			tc.want.check(t, err)
		})
	}
}

// overridingStreams opts out of AuthFunc in all of its methods.
type overridingStreams struct{ streams }

func (overridingStreams) AuthFuncOverride(ctx context.Context, _ string) (context.Context, error) {
	return ctx, nil
}

// AuthFuncOverride is go-grpc-middleware's, and a bypass by design. The
// Guard's own interceptors do not know it.
func TestAuthFuncOverrideBypassesAuthFuncOnly(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	byAuthFunc := func(g *interceptor.Guard) []grpc.ServerOption {
		g.Stream() // taken, as Protect demands; it does not vouch for what is served
		return []grpc.ServerOption{
			grpc.ChainUnaryInterceptor(auth.UnaryServerInterceptor(g.AuthFunc())),
			grpc.ChainStreamInterceptor(auth.StreamServerInterceptor(g.AuthFunc())),
		}
	}
	for name, tc := range map[string]struct {
		options func(*interceptor.Guard) []grpc.ServerOption
		want    outcome
	}{
		"AuthFunc":               {byAuthFunc, ok},
		"the Guard's own":        {(*interceptor.Guard).ServerOptions, unauthenticated(missing)},
		"both, AuthFunc outside": {func(g *interceptor.Guard) []grpc.ServerOption { return append(byAuthFunc(g), g.ServerOptions()...) }, unauthenticated(missing)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			guard := guardOf(t, issuer)
			srv := grpc.NewServer(tc.options(guard)...)
			testkitv1.RegisterRulesServiceServer(srv, overriding{})
			testkitv1.RegisterStreamsServiceServer(srv, overridingStreams{})
			if err := guard.Protect(srv); err != nil {
				t.Fatal(err)
			}
			conn := startOwn(t, srv)
			eachShape(t, conn, t.Context(), func(t *testing.T, got string, err error) {
				tc.want.check(t, err)
				if err == nil && got != "nobody" && got != "" {
					t.Errorf("the handler saw %q", got)
				}
			})
			_, err := testkitv1.NewRulesServiceClient(conn).Authenticated(t.Context(), &testkitv1.AuthenticatedRequest{})
			tc.want.check(t, err)
		})
	}
}
