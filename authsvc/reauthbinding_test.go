package authsvc_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// overMTLS makes a call look as if it came over TLS with the certificate whose
// bytes are in its metadata "test-certificate".
func overMTLS(s *setup) {
	s.outermost = func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		info := credentials.TLSInfo{CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}}
		if raw := metadata.ValueFromIncomingContext(ctx, "test-certificate"); len(raw) == 1 {
			info.State = tls.ConnectionState{PeerCertificates: []*x509.Certificate{{Raw: []byte(raw[0])}}}
		}
		return handler(peer.NewContext(ctx, &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv4(203, 0, 113, 7), Port: 1}, AuthInfo: info}), req)
	}
}

// checklist: C3 R4
func TestANewSessionKeepsTheCertificate(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*world, context.Context) (*grpcauthv1.Tokens, error){
		"Reauthenticate": func(w *world, ctx context.Context) (*grpcauthv1.Tokens, error) {
			resp, err := w.Reauthenticate(ctx, &grpcauthv1.ReauthenticateRequest{Password: adaPassword})
			return resp.GetTokens(), err
		},
		"ChangePassword": func(w *world, ctx context.Context) (*grpcauthv1.Tokens, error) {
			resp, err := w.ChangePassword(ctx, &grpcauthv1.ChangePasswordRequest{OldPassword: adaPassword, NewPassword: newPassword})
			return resp.GetTokens(), err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, builtIn, overMTLS, func(s *setup) {
				s.config.Clients = []authsvc.Client{{ID: authsvc.DefaultClient, AllScopes: true, CertificateBound: true}}
			})
			w.addAda(nil)
			with := func(ctx context.Context, certificate string) context.Context {
				return metadata.AppendToOutgoingContext(ctx, "test-certificate", certificate)
			}
			resp, err := w.Login(with(t.Context(), "ada's"), &grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
			if err != nil {
				t.Fatal(err)
			}
			old := resp.GetTokens()
			for _, other := range []context.Context{w.as(old), with(w.as(old), "another")} {
				_, err := call(w, other)
				wantRefusal(t, err, "Unauthenticated TOKEN_BINDING")
			}
			tokens, err := call(w, with(w.as(old), "ada's"))
			if err != nil {
				t.Fatal(err)
			}
			if a, b := w.session(old).Certificate, w.session(tokens).Certificate; a == "" || a != b {
				t.Errorf("bound to %q, before to %q", b, a)
			}
			_, err = w.GetUserInfo(w.as(tokens), &grpcauthv1.GetUserInfoRequest{})
			wantRefusal(t, err, "Unauthenticated TOKEN_BINDING")
			_, err = w.GetUserInfo(with(w.as(tokens), "ada's"), &grpcauthv1.GetUserInfoRequest{})
			wantRefusal(t, err, "OK")
		})
	}
}

// checklist: P2
func Test50RefusalsAreAlike(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, builtIn)
		w.addAda(nil)
		w.addAda(func(u *store.User) { u.Subject, u.Username, u.DisabledAt = "u-2", "bob", w.clock.Now() })
		_, wrong := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: "wrong password"})
		wantRefusal(t, wrong, "Unauthenticated INVALID_CREDENTIALS")
		for _, username := range []string{"nobody", "bob", "no name at all", "\u202e"} {
			_, err := w.login(&grpcauthv1.LoginRequest{Username: username, Password: adaPassword})
			if !proto.Equal(status.Convert(err).Proto(), status.Convert(wrong).Proto()) {
				t.Errorf("%q is refused by %v, a wrong password by %v", username, err, wrong)
			}
		}
	})
}
