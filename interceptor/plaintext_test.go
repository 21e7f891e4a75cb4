package interceptor_test

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// checklist: B3
func TestTokensOverPlaintextAreRefused(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	raw := issuer.Token(token.Spec{Subject: "ada"})
	proxy := interceptor.AllowPlaintextFrom(netip.MustParsePrefix("198.51.100.0/24"))
	plaintext := unauthenticated(grpcauthv1.Reason_REASON_PLAINTEXT)
	for name, tc := range map[string]struct {
		method, from string
		bearer       string
		options      []interceptor.Option
		want         outcome
	}{
		"from afar":                   {"Authenticated", "203.0.113.9", raw, nil, plaintext},
		"from afar, a bad token":      {"Authenticated", "203.0.113.9", "junk", nil, plaintext},
		"from afar, no token":         {"Authenticated", "203.0.113.9", "", nil, unauthenticated(missing)},
		"from afar, optional":         {"Optional", "203.0.113.9", raw, nil, plaintext},
		"from afar, public":           {"Public", "203.0.113.9", raw, nil, ok},
		"from loopback":               {"Authenticated", "127.0.0.1", raw, nil, ok},
		"from the proxy":              {"Authenticated", "198.51.100.4", raw, []interceptor.Option{proxy}, ok},
		"from beside the proxy":       {"Authenticated", "198.51.101.4", raw, []interceptor.Option{proxy}, plaintext},
		"from the proxy, but not set": {"Authenticated", "198.51.100.4", raw, nil, plaintext},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, issuer, tc.options...)
			ctx := peer.NewContext(t.Context(), &peer.Peer{Addr: &net.TCPAddr{IP: net.ParseIP(tc.from), Port: 1}})
			if tc.bearer != "" {
				ctx = metadata.NewIncomingContext(ctx, metadata.Pairs("authorization", "Bearer "+tc.bearer))
			}
			_, err := server.Guard().Unary()(ctx, nil, &grpc.UnaryServerInfo{FullMethod: "/testkit.v1.RulesService/" + tc.method},
				func(context.Context, any) (any, error) { return &testkitv1.PublicResponse{}, nil })
			tc.want.check(t, err)
		})
	}
}
