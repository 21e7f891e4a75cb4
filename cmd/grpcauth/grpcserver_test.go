package main

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authclient"
	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// farAway is a listener whose peers are on another machine.
type farAway struct{ net.Listener }

func (l farAway) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return farConn{conn}, err
}

type farConn struct{ net.Conn }

func (farConn) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(203, 0, 113, 7), Port: 40000}
}

// serveGRPC serves the AuthService as serve does, with its users in memory,
// and gives a connection to it.
func serveGRPC(t *testing.T, c *serveCmd, wrap func(net.Listener) net.Listener) *grpc.ClientConn {
	t.Helper()
	auth, err := authsvc.New(authsvc.Config{
		Issuer: "https://auth.test", Audiences: []string{"n"}, Store: memory.New(),
		Secret: newMasterKey().secret, AllowPlaintextFrom: c.plaintextFrom(), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	srv, _, err := newGRPC(c, auth, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	l, err := listen(t.Context(), "listen", "127.0.0.1:0", true)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(wrap(l)) }()
	t.Cleanup(func() {
		srv.Stop()
		<-served
	})
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// checklist: B3
// checklist: B7
func TestSecretsWithoutTLS(t *testing.T) {
	t.Parallel()
	near := func(l net.Listener) net.Listener { return l }
	far := func(l net.Listener) net.Listener { return farAway{l} }
	theProxy := proxyList{netip.MustParsePrefix("203.0.113.7/32")}
	anotherProxy := proxyList{netip.MustParsePrefix("203.0.113.8/32")}
	for _, c := range []struct {
		name            string
		cmd             serveCmd
		wrap            func(net.Listener) net.Listener
		login, userInfo grpcauthv1.Reason
	}{
		{"from this machine", serveCmd{}, near, grpcauthv1.Reason_REASON_INVALID_CREDENTIALS, grpcauthv1.Reason_REASON_TOKEN_MALFORMED},
		{"from another", serveCmd{}, far, grpcauthv1.Reason_REASON_PLAINTEXT, grpcauthv1.Reason_REASON_PLAINTEXT},
		{"from the proxy", serveCmd{AllowPlaintext: true, Proxy: theProxy}, far, grpcauthv1.Reason_REASON_INVALID_CREDENTIALS, grpcauthv1.Reason_REASON_TOKEN_MALFORMED},
		{"from the proxy, which is not allowed to", serveCmd{Proxy: theProxy}, far, grpcauthv1.Reason_REASON_PLAINTEXT, grpcauthv1.Reason_REASON_PLAINTEXT},
		{"from beside the proxy", serveCmd{AllowPlaintext: true, Proxy: anotherProxy}, far, grpcauthv1.Reason_REASON_PLAINTEXT, grpcauthv1.Reason_REASON_PLAINTEXT},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn := serveGRPC(t, &c.cmd, c.wrap)
			client := grpcauthv1.NewAuthServiceClient(conn)
			_, err := client.Login(t.Context(), &grpcauthv1.LoginRequest{Username: "ada", Password: goodPassword})
			if got := authclient.Reason(err); got != c.login {
				t.Errorf("Login: got %v, want %v", got, c.login)
			}
			ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer x.y.z")
			_, err = client.GetUserInfo(ctx, &grpcauthv1.GetUserInfoRequest{})
			if got := authclient.Reason(err); got != c.userInfo {
				t.Errorf("GetUserInfo: got %v, want %v", got, c.userInfo)
			}
			health, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{})
			if err != nil || health.GetStatus() != healthv1.HealthCheckResponse_SERVING {
				t.Errorf("health: %v, %v", health.GetStatus(), err)
			}
		})
	}
}

func TestLargeMessagesAreRefused(t *testing.T) {
	t.Parallel()
	conn := serveGRPC(t, &serveCmd{}, func(l net.Listener) net.Listener { return l })
	client := grpcauthv1.NewAuthServiceClient(conn)
	_, err := client.Login(t.Context(), &grpcauthv1.LoginRequest{Username: "ada", Password: strings.Repeat("x", maxMessage)})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a message of 64 KiB: got %v", err)
	}
	ctx := metadata.AppendToOutgoingContext(context.Background(), "x-large", strings.Repeat("x", maxHeaders))
	if _, err := client.GetJwks(ctx, &grpcauthv1.GetJwksRequest{}); err == nil {
		t.Error("metadata of 64 KiB were taken")
	}
}
