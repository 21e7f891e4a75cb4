package interceptor_test

import (
	"context"
	"crypto/ed25519"
	"net"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// checklist: B6 (a confirmation that can't be checked is refused)
func TestBoundTokensAreRefusedWhateverTheRule(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	guard := guardTrusting(t, public)
	for name, tc := range map[string]struct {
		cnf  any
		want outcome
	}{
		"no confirmation":         {nil, ok},
		"a certificate":           {map[string]string{"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}, unauthenticated(grpcauthv1.Reason_REASON_TOKEN_BINDING)},
		"an unknown confirmation": {map[string]string{"jkt": "x"}, unauthenticated(grpcauthv1.Reason_REASON_TOKEN_BINDING)},
		"an empty confirmation":   {map[string]string{}, unauthenticated(grpcauthv1.Reason_REASON_TOKEN_BINDING)},
		"not even an object":      {"x", unauthenticated(grpcauthv1.Reason_REASON_TOKEN_BINDING)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := peer.NewContext(t.Context(), &peer.Peer{Addr: &net.UnixAddr{Name: "s", Net: "unix"}})
			ctx = metadata.NewIncomingContext(ctx, metadata.Pairs("authorization", "Bearer "+bound(t, private, tc.cnf)))
			for _, method := range []string{"Unary", "Bidi"} {
				_, err := guard.Unary()(ctx, nil, &grpc.UnaryServerInfo{FullMethod: "/testkit.v1.StreamsService/" + method},
					func(context.Context, any) (any, error) { return nil, nil })
				tc.want.check(t, err)
			}
		})
	}
}

func guardTrusting(t *testing.T, public ed25519.PublicKey) *interceptor.Guard {
	t.Helper()
	guard := strictGuard(t, public)
	srv := grpc.NewServer(guard.ServerOptions()...)
	testkitv1.RegisterStreamsServiceServer(srv, streams{})
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	return guard
}

// bound is an access token with a confirmation claim (RFC 7800 §3.1), as
// another issuer might make it.
func bound(t *testing.T, private ed25519.PrivateKey, cnf any) string {
	t.Helper()
	now := time.Now()
	claims := jwt.MapClaims{
		"iss": "https://issuer.test", "aud": "a", "sub": "ada", "client_id": "c", "jti": "j",
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
	if cnf != nil {
		claims["cnf"] = cnf
	}
	made := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	made.Header["typ"], made.Header["kid"] = "at+jwt", "k"
	raw, err := made.SignedString(private)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
