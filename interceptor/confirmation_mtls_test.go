package interceptor_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

const (
	binding = grpcauthv1.Reason_REASON_TOKEN_BINDING
	unbound = grpcauthv1.Reason_REASON_TOKEN_UNBOUND
)

// certificate is one that signs itself: what a token is bound to need not have
// an authority behind it (RFC 8705 §2.2).
func certificate(t *testing.T) *tls.Certificate {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
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

// tlsServer is a server on a socket that asks its clients for certificates.
type tlsServer struct {
	t     *testing.T
	addr  string
	roots *x509.CertPool
}

// serveTLS serves both test services with TLS of that client authentication.
func serveTLS(t *testing.T, guard *interceptor.Guard, auth tls.ClientAuthType) *tlsServer {
	t.Helper()
	own := certificate(t)
	creds := credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{*own}, ClientAuth: auth, MinVersion: tls.VersionTLS12})
	srv := protected(t, guard, grpc.Creds(creds))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(listener) }()
	t.Cleanup(srv.Stop)
	return &tlsServer{t: t, addr: listener.Addr().String(), roots: trusting(own)}
}

// protected is a server of both test services.
func protected(t *testing.T, guard *interceptor.Guard, options ...grpc.ServerOption) *grpc.Server {
	t.Helper()
	srv := grpc.NewServer(append(guard.ServerOptions(), options...)...)
	testkitv1.RegisterRulesServiceServer(srv, rules{})
	testkitv1.RegisterStreamsServiceServer(srv, streams{})
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	return srv
}

func trusting(own *tls.Certificate) *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(own.Leaf)
	return roots
}

// as is a connection whose client shows this certificate, or none.
func (s *tlsServer) as(own *tls.Certificate) *grpc.ClientConn { return s.with(own, &tls.Config{}) }

// with is a connection with settings of the test's own.
func (s *tlsServer) with(own *tls.Certificate, config *tls.Config) *grpc.ClientConn {
	s.t.Helper()
	config.RootCAs = s.roots
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if own == nil {
			return &tls.Certificate{}, nil
		}
		return own, nil
	}
	return connect(s.t, s.addr, credentials.NewTLS(config))
}

// guardOf is a guard that trusts the issuer, for servers that a test sets up
// by itself.
func guardOf(t *testing.T, issuer *authtest.Issuer, options ...interceptor.Option) *interceptor.Guard {
	t.Helper()
	options = append(options, interceptor.OverrideRule("/testkit.v1.RulesService/Issuers", interceptor.Authenticated()))
	guard, err := interceptor.New(issuer.Verifier(), options...)
	if err != nil {
		t.Fatal(err)
	}
	return guard
}

// checklist: B6, C3, B5
func TestABoundTokenIsGoodOnlyWithItsCertificate(t *testing.T) {
	t.Parallel()
	issuer, a, b := authtest.NewIssuer(t), certificate(t), certificate(t)
	required := serveTLS(t, guardOf(t, issuer), tls.RequireAnyClientCert)
	asked := serveTLS(t, guardOf(t, issuer), tls.RequestClientCert)
	bare := serveTLS(t, guardOf(t, issuer), tls.NoClientCert)
	plain := startOwn(t, protected(t, guardOf(t, issuer)))
	memory := newServer(t, issuer).Anonymous()

	bound := issuer.Token(token.Spec{Subject: "ada", Certificate: a.Leaf})
	free := issuer.Token(token.Spec{Subject: "ada"})
	for name, tc := range map[string]struct {
		conn *grpc.ClientConn
		raw  string
		want outcome
	}{
		"with its certificate":                        {required.as(a), bound, ok},
		"with its certificate, of its own accord":     {asked.as(a), bound, ok},
		"with another certificate":                    {required.as(b), bound, unauthenticated(binding)},
		"with another certificate, of its own accord": {asked.as(b), bound, unauthenticated(binding)},
		"without a certificate":                       {asked.as(nil), bound, unauthenticated(binding)},
		"to a server that asks for none":              {bare.as(a), bound, unauthenticated(binding)},
		"over plaintext on this machine":              {plain, bound, unauthenticated(binding)},
		"in memory":                                   {memory, bound, unauthenticated(binding)},
		"a free token with a certificate":             {required.as(b), free, ok},
		"a free token without one":                    {asked.as(nil), free, ok},
		"no token, whatever the certificate":          {required.as(a), "", unauthenticated(missing)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			md := forwarded(a.Leaf)
			if tc.raw != "" {
				md.Set("authorization", "Bearer "+tc.raw)
			}
			for range 2 { // the second time it may be known
				eachShape(t, tc.conn, metadata.NewOutgoingContext(t.Context(), md), func(t *testing.T, _ string, err error) { tc.want.check(t, err) })
			}
		})
	}
}

// forwarded is what proxies tell about the certificate of whoever called them,
// and what anybody can write.
func forwarded(leaf *x509.Certificate) metadata.MD {
	text := url.QueryEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw})))
	return metadata.Pairs(
		"x-forwarded-client-cert", fmt.Sprintf("Hash=%x;Cert=%q", sha256.Sum256(leaf.Raw), text),
		"client-cert", text, "x-client-cert", text, "ssl-client-cert", text, "x-ssl-client-verify", "SUCCESS",
	)
}

// checklist: B6 (a proxy that ends TLS leaves no handshake to check against)
func TestABoundTokenIsNotTakenFromAProxy(t *testing.T) {
	t.Parallel()
	issuer, a := authtest.NewIssuer(t), certificate(t)
	server := newServer(t, issuer, interceptor.AllowPlaintextFrom(netip.MustParsePrefix("198.51.100.0/24")))
	for name, tc := range map[string]struct {
		spec token.Spec
		want outcome
	}{
		"a free token":  {token.Spec{}, ok},
		"a bound token": {token.Spec{Certificate: a.Leaf}, unauthenticated(binding)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			md := forwarded(a.Leaf)
			md.Set("authorization", "Bearer "+issuer.Token(tc.spec))
			ctx := peer.NewContext(t.Context(), &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv4(198, 51, 100, 7), Port: 1}, AuthInfo: noTLS(t)})
			_, err := server.Guard().Unary()(metadata.NewIncomingContext(ctx, md), nil,
				&grpc.UnaryServerInfo{FullMethod: "/testkit.v1.RulesService/Authenticated"},
				func(context.Context, any) (any, error) { return &testkitv1.AuthenticatedResponse{}, nil })
			tc.want.check(t, err)
		})
	}
}

// noTLS is what a server without TLS knows about a connection.
func noTLS(t *testing.T) credentials.AuthInfo {
	t.Helper()
	_, info, err := insecure.NewCredentials().ServerHandshake(nil)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// checklist: B6 (what is known of a token says nothing about a connection)
func TestABoundTokenThatIsKnownIsCheckedOnEachConnection(t *testing.T) {
	t.Parallel()
	issuer, a, b := authtest.NewIssuer(t), certificate(t), certificate(t)
	var cached atomic.Bool
	server := serveTLS(t, guardOf(t, issuer, interceptor.WithObserver(func(_ context.Context, d interceptor.Decision) { cached.Store(d.Cached) })), tls.RequireAnyClientCert)
	ctx := sending(t, "Bearer "+issuer.Token(token.Spec{Certificate: a.Leaf}))
	call := func(conn *grpc.ClientConn) error {
		_, err := testkitv1.NewRulesServiceClient(conn).Optional(ctx, &testkitv1.OptionalRequest{})
		return err
	}
	viaA, viaB := server.as(a), server.as(b)
	for i, step := range []struct {
		conn *grpc.ClientConn
		want outcome
	}{
		{viaB, unauthenticated(binding)}, {viaA, ok}, {viaB, unauthenticated(binding)}, {viaA, ok},
	} {
		step.want.check(t, call(step.conn))
		if cached.Load() != (i > 0) {
			t.Errorf("step %d: cached = %t", i, cached.Load())
		}
	}
}

func TestSenderConstrainedRule(t *testing.T) {
	t.Parallel()
	issuer, a, b := authtest.NewIssuer(t), certificate(t), certificate(t)
	guard := guardOf(t, issuer,
		interceptor.OverrideRule("/testkit.v1.StreamsService/*", &grpcauthv1.Rule{SenderConstrained: true}),
		interceptor.OverrideRule("/testkit.v1.RulesService/Optional", &grpcauthv1.Rule{Optional: true, SenderConstrained: true}))
	server := serveTLS(t, guard, tls.RequireAnyClientCert)
	bound := "Bearer " + issuer.Token(token.Spec{Subject: "ada", Certificate: a.Leaf})
	free := "Bearer " + issuer.Token(token.Spec{Subject: "ada"})
	for name, tc := range map[string]struct {
		conn     *grpc.ClientConn
		values   []string
		want     outcome
		optional outcome
	}{
		"a bound token":                  {server.as(a), []string{bound}, ok, ok},
		"a free token":                   {server.as(a), []string{free}, unauthenticated(unbound), unauthenticated(unbound)},
		"a bound token of somebody else": {server.as(b), []string{bound}, unauthenticated(binding), unauthenticated(binding)},
		"no token":                       {server.as(a), nil, unauthenticated(missing), ok},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := sending(t, tc.values...)
			eachShape(t, tc.conn, ctx, func(t *testing.T, _ string, err error) { tc.want.check(t, err) })
			_, err := testkitv1.NewRulesServiceClient(tc.conn).Optional(ctx, &testkitv1.OptionalRequest{})
			tc.optional.check(t, err)
		})
	}
}

// A resumed session has no certificate message of its own: what counts is the
// one of the handshake that it resumes.
func TestABoundTokenIsGoodOnAResumedSession(t *testing.T) {
	t.Parallel()
	for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issuer, a, b := authtest.NewIssuer(t), certificate(t), certificate(t)
			var resumed atomic.Bool
			server := serveTLS(t, guardOf(t, issuer, interceptor.WithObserver(func(ctx context.Context, _ interceptor.Decision) {
				p, _ := peer.FromContext(ctx)
				info, _ := p.AuthInfo.(credentials.TLSInfo)
				resumed.Store(info.State.DidResume)
			})), tls.RequireAnyClientCert)
			tickets := tls.NewLRUClientSessionCache(1)
			for i := range 2 {
				conn := server.with(a, &tls.Config{ClientSessionCache: tickets, MaxVersion: version, MinVersion: tls.VersionTLS12})
				client := testkitv1.NewRulesServiceClient(conn)
				_, err := client.Authenticated(sending(t, "Bearer "+issuer.Token(token.Spec{Certificate: a.Leaf})), &testkitv1.AuthenticatedRequest{})
				ok.check(t, err)
				if resumed.Load() != (i > 0) {
					t.Errorf("connection %d: resumed = %t", i, resumed.Load())
				}
				_, err = client.Authenticated(sending(t, "Bearer "+issuer.Token(token.Spec{Certificate: b.Leaf})), &testkitv1.AuthenticatedRequest{})
				unauthenticated(binding).check(t, err)
			}
		})
	}
}

func TestABoundTokenOverServeHTTP(t *testing.T) {
	t.Parallel()
	issuer, a, b := authtest.NewIssuer(t), certificate(t), certificate(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(protected(t, guardOf(t, issuer)).ServeHTTP))
	own := certificate(t)
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{Certificates: []tls.Certificate{*own}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	as := (&tlsServer{t: t, addr: server.Listener.Addr().String(), roots: trusting(own)}).as
	ctx := sending(t, "Bearer "+issuer.Token(token.Spec{Subject: "ada", Certificate: a.Leaf}))
	for name, tc := range map[string]struct {
		own  *tls.Certificate
		want outcome
	}{
		"with its certificate":     {a, ok},
		"with another certificate": {b, unauthenticated(binding)},
	} {
		t.Run(name, func(t *testing.T) {
			eachShape(t, as(tc.own), ctx, func(t *testing.T, _ string, err error) { tc.want.check(t, err) })
		})
	}
}
