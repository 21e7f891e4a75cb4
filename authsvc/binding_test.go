package authsvc_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"reflect"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/token"
)

// selfSigned is a certificate that vouches for itself, for a client and for a
// server on this machine (RFC 8705 §2.2).
func selfSigned(t testing.TB) *tls.Certificate {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private, Leaf: leaf}
}

// bound makes the default client's tokens good with a certificate only.
func bound(s *setup) {
	s.config.Clients = []authsvc.Client{{ID: authsvc.DefaultClient, AllScopes: true, CertificateBound: true}}
}

// overTLS serves on a socket, with TLS that asks for certificates, and gives
// the way to connect with one, or with none.
func (w *world) overTLS() func(*tls.Certificate) grpcauthv1.AuthServiceClient {
	w.t.Helper()
	own := selfSigned(w.t)
	guard, err := interceptor.New(w.verifier, interceptor.WithRevocations(w.service.Revocations()))
	if err != nil {
		w.t.Fatal(err)
	}
	creds := credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{*own}, ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS13})
	srv := grpc.NewServer(append(guard.ServerOptions(), grpc.Creds(creds))...)
	w.service.Register(srv)
	if err := guard.Protect(srv); err != nil {
		w.t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	go func() { _ = srv.Serve(listener) }()
	w.t.Cleanup(srv.Stop)
	roots := x509.NewCertPool()
	roots.AddCert(own.Leaf)
	return func(mine *tls.Certificate) grpcauthv1.AuthServiceClient {
		config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}
		if mine != nil {
			config.Certificates = []tls.Certificate{*mine}
		}
		conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(credentials.NewTLS(config)))
		if err != nil {
			w.t.Fatal(err)
		}
		w.t.Cleanup(func() { _ = conn.Close() })
		return grpcauthv1.NewAuthServiceClient(conn)
	}
}

// confirmed is the certificate that an access token is bound to.
func (w *world) confirmed(tokens *grpcauthv1.Tokens) string {
	thumbprint, _ := w.claims(tokens).Claim("cnf.x5t#S256").Text()
	return thumbprint
}

// checklist: C3 R4 B6
func TestSessionsBoundToACertificate(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, bound)
		as, a, b := w.overTLS(), selfSigned(t), selfSigned(t)
		mine := as(a)
		others := map[string]grpcauthv1.AuthServiceClient{"another certificate": as(b), "no certificate": as(nil), "no TLS": w.AuthServiceClient}
		login := &grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword}

		for _, without := range []string{"no certificate", "no TLS"} {
			_, err := others[without].Login(t.Context(), login)
			wantRefusal(t, err, "Unauthenticated TOKEN_BINDING")
		}
		resp, err := mine.Login(t.Context(), login)
		if err != nil {
			t.Fatal(err)
		}
		tokens, thumbprint := resp.GetTokens(), token.CertificateThumbprint(a.Leaf)
		if got := w.confirmed(tokens); got != thumbprint {
			t.Errorf("the access token is bound to %q, want %q", got, thumbprint)
		}
		for range 2 {
			tokens = w.refreshBound(tokens, mine, others)
			if got := w.confirmed(tokens); got != thumbprint {
				t.Errorf("after a refresh it is bound to %q", got)
			}
		}
	})
}

// refreshBound uses the tokens over each connection: nothing comes of any but
// the one with their certificate.
func (w *world) refreshBound(tokens *grpcauthv1.Tokens, mine grpcauthv1.AuthServiceClient, others map[string]grpcauthv1.AuthServiceClient) *grpcauthv1.Tokens {
	w.t.Helper()
	ask := &grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken(), IdempotencyKey: aKey}
	another := &grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken(), IdempotencyKey: anotherKey}
	var next *grpcauthv1.RefreshResponse
	for _, used := range []bool{false, true} { // the token, before it was used up and after
		if used {
			var err error
			if next, err = mine.Refresh(w.t.Context(), ask); err != nil {
				w.t.Fatal(err)
			}
		}
		was := w.session(tokens)
		for name, other := range others {
			for _, request := range []*grpcauthv1.RefreshRequest{ask, another} {
				_, err := other.Refresh(w.t.Context(), request)
				if got := refusal(err); got != "Unauthenticated TOKEN_BINDING" {
					w.t.Errorf("refresh over %s: %s", name, got)
				}
			}
			_, err := other.GetUserInfo(w.as(tokens), &grpcauthv1.GetUserInfoRequest{})
			if got := refusal(err); got != "Unauthenticated TOKEN_BINDING" {
				w.t.Errorf("a call over %s: %s", name, got)
			}
		}
		if is := w.session(tokens); !reflect.DeepEqual(is, was) {
			w.t.Errorf("the session has changed from %+v to %+v", was, is)
		}
	}
	for _, held := range []*grpcauthv1.Tokens{tokens, next.GetTokens()} {
		_, err := mine.GetUserInfo(w.as(held), &grpcauthv1.GetUserInfoRequest{})
		wantRefusal(w.t, err, "OK")
	}
	return next.GetTokens()
}

// Another client's tokens are bound to nothing, whatever the connection.
func TestSessionsThatAreNotBound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	as := w.overTLS()
	resp, err := as(selfSigned(t)).Login(t.Context(), &grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
	if err != nil {
		t.Fatal(err)
	}
	tokens := resp.GetTokens()
	if w.claims(tokens).Bound() {
		t.Error("the token is bound")
	}
	for _, other := range []grpcauthv1.AuthServiceClient{as(selfSigned(t)), as(nil)} {
		next, err := other.Refresh(t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken()})
		if err != nil {
			t.Fatal(err)
		}
		tokens = next.GetTokens()
	}
}

// A client's tokens are bound to certificates from now on. What sessions from
// before have is good with no certificate, and ends with its access token.
//
// checklist: C3 R4
func TestSessionsFromBeforeTheirClientWasBound(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		before := newWorld(t, open.use)
		tokens := before.signIn()
		now := newWorld(t, bound, func(s *setup) {
			s.wrap = func(store.Store) store.Store { return before.store }
			s.config.Now = before.clock.Now
		})
		as := now.overTLS()
		for name, client := range map[string]grpcauthv1.AuthServiceClient{"a certificate": as(selfSigned(t)), "no certificate": as(nil), "no TLS": now.AuthServiceClient} {
			_, err := client.Refresh(t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken()})
			if got := refusal(err); got != "Unauthenticated TOKEN_BINDING" {
				t.Errorf("Refresh with %s: %s", name, got)
			}
			_, err = client.Reauthenticate(before.as(tokens), &grpcauthv1.ReauthenticateRequest{Password: adaPassword})
			if got := refusal(err); got != "Unauthenticated TOKEN_BINDING" {
				t.Errorf("Reauthenticate with %s: %s", name, got)
			}
		}
		// Nothing was used up: the session goes on where its client is not bound.
		later := before.must(before.keyed(t.Context(), tokens.GetRefreshToken(), ""))
		before.must(before.keyed(t.Context(), later.GetRefreshToken(), ""))
		// But that nothing comes of it hides no reuse.
		_, err := now.keyed(t.Context(), tokens.GetRefreshToken(), "")
		wantRefusal(t, err, "Unauthenticated REFRESH_REUSED")
	})
}
