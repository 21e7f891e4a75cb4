package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

const isBinding = grpcauthv1.Reason_REASON_TOKEN_BINDING

// shower is a client that may have a certificate, and knows whether it was
// asked for one.
type shower struct {
	tls   *tls.Config
	asked atomic.Bool
}

// newShower makes a client with a certificate of its own, or with none.
func newShower(t *testing.T, server *x509.CertPool, has bool) *shower {
	t.Helper()
	shown := &tls.Certificate{} // none
	if has {
		cert, key, _ := selfSigned(t)
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		shown = &pair
	}
	s := &shower{}
	s.tls = &tls.Config{RootCAs: server, MinVersion: tls.VersionTLS12, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		s.asked.Store(true)
		return shown, nil
	}}
	return s
}

func (s *shower) at(t *testing.T, address string) authClient {
	t.Helper()
	return grpcauthv1.NewAuthServiceClient(dial(t, address, grpc.WithTransportCredentials(credentials.NewTLS(s.tls))))
}

// testCertificateBound has a user log in with a client whose tokens are bound to
// a certificate that nobody else has signed.
//
// checklist: C3 R4 B6
func testCertificateBound(t *testing.T, b binaries) {
	dir := t.TempDir()
	cert, key, pool := selfSigned(t)
	b.addUser(t, dir, "ada", "notes.read")
	if got := b.run(t, "", "grpcauth", "client", "add", "phone", "--users", "--all-scopes", "--certificate-bound",
		"--store", filepath.Join(dir, "grpcauth.db")); got.code != exitOK {
		t.Fatalf("got %+v", got)
	}
	auth := b.serve(t, dir, "--tls-cert", cert, "--tls-key", key)
	owner, thief, nobody := newShower(t, pool, true), newShower(t, pool, true), newShower(t, pool, false)
	mine := owner.at(t, auth.GRPC)
	others := map[string]authClient{"another certificate": thief.at(t, auth.GRPC), "no certificate": nobody.at(t, auth.GRPC)}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()

	login := &grpcauthv1.LoginRequest{Username: "ada", Password: goodPassword, ClientId: "phone"}
	_, err := others["no certificate"].Login(ctx, login)
	wantReason(t, "a login without a certificate", err, isBinding)
	answer, err := mine.Login(ctx, login)
	if err != nil {
		t.Fatal(err)
	}
	tokens := answer.GetTokens()
	refresh := func(at authClient) (*grpcauthv1.Tokens, error) {
		answer, err := at.Refresh(ctx, &grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken(), ClientId: "phone"})
		return answer.GetTokens(), err
	}
	for range 2 {
		for name, other := range others {
			_, err := refresh(other)
			wantReason(t, "the refresh token with "+name, err, isBinding)
			_, err = other.GetUserInfo(bearer(ctx, tokens.GetAccessToken()), &grpcauthv1.GetUserInfoRequest{})
			wantReason(t, "the access token with "+name, err, isBinding)
		}
		if _, err := mine.GetUserInfo(bearer(ctx, tokens.GetAccessToken()), &grpcauthv1.GetUserInfoRequest{}); err != nil {
			t.Errorf("the access token with its certificate: %v", err)
		}
		if tokens, err = refresh(mine); err != nil {
			t.Fatalf("the refresh token with its certificate: %v", err)
		}
	}
	testAskedByGRPCOnly(t, auth, owner)
}

// testAskedByGRPCOnly: browsers would ask their user for a certificate.
func testAskedByGRPCOnly(t *testing.T, auth *authServer, client *shower) {
	t.Helper()
	if !client.asked.Swap(false) {
		t.Error("gRPC asks for no certificate")
	}
	if got := get(t, client.tls, "https://"+auth.HTTP+jwksPath); !strings.Contains(got, auth.KID) {
		t.Errorf("the key set is %s", got)
	}
	if client.asked.Load() {
		t.Error("HTTP asks for a certificate")
	}
}
