package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pires/go-proxyproto"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// The owner of an account and who guesses at it, in other blocks of addresses
// of this machine than the proxy has.
const (
	proxyHost    = "127.0.0.1"
	ownerHost    = "127.1.1.1"
	attackerHost = "127.2.2.2"
	claimedHost  = "192.0.2.1"
)

// testBehindAProxy has one proxy pass on the calls of a guesser and of the
// owner of the account, over real connections.
//
// checklist: P4
func testBehindAProxy(t *testing.T, b binaries) {
	for name, start := range map[string]func(*testing.T, *authServer) func(host string) authClient{
		"that speaks HTTP":      forwarding,
		"that passes TCP on":    passingOn(2),
		"that passes TCP on, 1": passingOn(1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			b.addUser(t, dir, "ada", "notes.read")
			flags := []string{"--proxy", proxyHost}
			if strings.Contains(name, "TCP") {
				flags = append(flags, "--proxy-protocol", "--allow-plaintext")
			}
			server := b.serve(t, dir, flags...)
			from := start(t, server)
			attacker, owner := from(attackerHost), from(ownerHost)
			for range 6 {
				wantReason(t, "a guess", loginAs(t, attacker, "wrong password"), grpcauthv1.Reason_REASON_INVALID_CREDENTIALS)
			}
			wantReason(t, "one more", loginAs(t, attacker, goodPassword), grpcauthv1.Reason_REASON_THROTTLED)
			if err := loginAs(t, owner, goodPassword); err != nil {
				t.Error(err)
			}
			record := b.run(t, "", "grpcauth", "audit", "list", "--json", "--store", filepath.Join(dir, "grpcauth.db")).stdout
			if !strings.Contains(record, `"`+ownerHost+`"`) || !strings.Contains(record, `"`+attackerHost+`"`) || strings.Contains(record, claimedHost) {
				t.Errorf("the record tells other addresses:\n%s", record)
			}
		})
	}
	t.Run("but not through it", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		b.addUser(t, dir, "ada", "notes.read")
		server := b.serve(t, dir, "--proxy", "127.9.9.9", "--proxy-protocol")
		for name, client := range map[string]authClient{"with a header": passingOn(2)(t, server)(ownerHost), "without": server.client()} {
			if err := loginAs(t, client, goodPassword); err == nil {
				t.Errorf("%s: a connection from elsewhere was served", name)
			}
		}
		server.line(&server.stderr, `"level":"WARN","msg":"connection_closed","peer":"127.`)
	})
	t.Run("through one that does not tell", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		b.addUser(t, dir, "ada", "notes.read")
		server := b.serve(t, dir, "--proxy", proxyHost, "--proxy-protocol")
		for name, header := range map[string]*proxyproto.Header{
			"unknown":       {Version: 1, Command: proxyproto.PROXY, TransportProtocol: proxyproto.UNSPEC},
			"its own":       {Version: 2, Command: proxyproto.LOCAL, TransportProtocol: proxyproto.UNSPEC},
			"a Unix socket": proxyproto.HeaderProxyFromAddrs(2, &net.UnixAddr{Name: "a", Net: "unix"}, &net.UnixAddr{Name: "b", Net: "unix"}),
		} {
			if err := loginAs(t, saying(t, server, header), goodPassword); err == nil {
				t.Errorf("%s: a caller could tell their own address", name)
			}
		}
	})
}

// loginAs logs ada in, and claims to come from elsewhere.
func loginAs(t *testing.T, client authClient, password string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(t.Context(), "x-forwarded-for", claimedHost), patience)
	defer cancel()
	_, err := client.Login(ctx, &grpcauthv1.LoginRequest{Username: "ada", Password: password})
	return err
}

// forwarding is a proxy that speaks HTTP/2 on both sides, and adds who calls to
// what callers claim. It gives clients that call it from an address.
func forwarding(t *testing.T, server *authServer) func(string) authClient {
	t.Helper()
	var h2c http.Protocols
	h2c.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &h2c}
	t.Cleanup(transport.CloseIdleConnections)
	proxy := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: server.GRPC})
			r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
			r.SetXForwarded()
		},
	})
	proxy.Config.Protocols = &h2c
	proxy.Start()
	t.Cleanup(proxy.Close)
	return func(host string) authClient {
		from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(host)}}
		return grpcauthv1.NewAuthServiceClient(dial(t, proxy.Listener.Addr().String(), grpc.WithContextDialer(
			func(ctx context.Context, address string) (net.Conn, error) {
				return from.DialContext(ctx, "tcp", address)
			})))
	}
}

// passingOn gives clients whose connections are passed on by a balancer: it
// connects from the proxy's address, and says first, in a version of the PROXY
// protocol, who called it.
func passingOn(version byte) func(*testing.T, *authServer) func(string) authClient {
	return func(t *testing.T, server *authServer) func(string) authClient {
		return func(host string) authClient {
			t.Helper()
			to, err := net.ResolveTCPAddr("tcp", server.GRPC)
			if err != nil {
				t.Fatal(err)
			}
			return saying(t, server, proxyproto.HeaderProxyFromAddrs(version, &net.TCPAddr{IP: net.ParseIP(host), Port: 4711}, to))
		}
	}
}

// saying is a client whose connections come from the proxy's address and begin
// with a header.
func saying(t *testing.T, server *authServer, header *proxyproto.Header) authClient {
	t.Helper()
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(proxyHost)}}
	return grpcauthv1.NewAuthServiceClient(dial(t, server.GRPC, grpc.WithContextDialer(
		func(ctx context.Context, address string) (net.Conn, error) {
			conn, err := from.DialContext(ctx, "tcp", address)
			if err != nil {
				return nil, err
			}
			_, err = header.WriteTo(conn)
			return conn, err
		})))
}
