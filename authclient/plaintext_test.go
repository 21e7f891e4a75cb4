package authclient_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// wire is what a client wrote on its connections.
type wire struct {
	mu      sync.Mutex
	written bytes.Buffer
}

func (w *wire) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.written.String()
}

// afar is a connection that says its peer is 192.0.2.1, whatever was dialled,
// and records what is written to it.
type afar struct {
	net.Conn
	wire *wire
}

func (afar) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443} }

func (c afar) Write(b []byte) (int, error) {
	c.wire.mu.Lock()
	c.wire.written.Write(b)
	c.wire.mu.Unlock()
	return c.Conn.Write(b)
}

// network is a real listener with an AuthService and a resource behind it.
type network struct {
	auth   *scripted
	res    *resource
	listen net.Listener
}

func newNetwork(t *testing.T, kind, address string, opts ...grpc.ServerOption) *network {
	t.Helper()
	listener, err := net.Listen(kind, address)
	if err != nil {
		t.Fatal(err)
	}
	n := &network{auth: &scripted{lifetime: time.Hour}, res: &resource{}, listen: listener}
	srv := grpc.NewServer(append(opts, n.res.options()...)...)
	grpcauthv1.RegisterAuthServiceServer(srv, n.auth)
	testkitv1.RegisterStreamsServiceServer(srv, n.res)
	var serving sync.WaitGroup
	serving.Go(func() { _ = srv.Serve(listener) })
	t.Cleanup(func() { srv.Stop(); serving.Wait() })
	return n
}

// connect dials the listener. With a wire the peer claims to be far away.
func (n *network) connect(t *testing.T, w *wire, creds credentials.TransportCredentials, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	address := n.listen.Addr()
	// The target says localhost: what counts is the peer.
	conn, err := grpc.NewClient("passthrough:///localhost:443", append(opts, grpc.WithTransportCredentials(creds),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, address.Network(), address.String())
			if err != nil || w == nil {
				return conn, err
			}
			return afar{conn, w}, nil
		}))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func wantPlaintextRefused(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, authclient.ErrPlaintext) || authclient.Reason(err) != grpcauthv1.Reason_REASON_PLAINTEXT || status.Code(err) != codes.Internal {
		t.Fatalf("error = %v, want ErrPlaintext", err)
	}
	for _, part := range []string{"192.0.2.1:443", "TLS", "InsecureAllowPlaintext"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not name %s: %v", part, err)
		}
	}
}

// checklist: B3
// checklist: B7
func TestPlaintextToALocalPeerPasses(t *testing.T) {
	t.Parallel()
	for kind, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(t.TempDir(), "s")} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t, kind, address)
			session := login(t, n.connect(t, nil, insecure.NewCredentials()))
			client := testkitv1.NewStreamsServiceClient(n.connect(t, nil, insecure.NewCredentials(), session.DialOptions()...))
			if _, err := client.Unary(context.Background(), &testkitv1.UnaryRequest{}); err != nil {
				t.Error(err)
			}
			if err := session.Refresh(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

// checklist: B7
func TestPasswordIsNotSentInPlaintext(t *testing.T) {
	t.Parallel()
	n, w := newNetwork(t, "tcp", "127.0.0.1:0"), new(wire)
	session, err := authclient.Login(context.Background(), n.connect(t, w, insecure.NewCredentials()), "ada", "correct horse")
	if err == nil {
		session.Close()
	}
	wantPlaintextRefused(t, err)
	if n.auth.issued != 0 {
		t.Error("the server logged somebody in")
	}
	if text := w.text(); strings.Contains(text, "correct horse") || strings.Contains(text, "ada") {
		t.Errorf("the wire saw the password: %q", text)
	}
}

// checklist: B3
func TestTokenIsNotSentInPlaintext(t *testing.T) {
	t.Parallel()
	n, w := newNetwork(t, "tcp", "127.0.0.1:0"), new(wire)
	session := login(t, n.connect(t, nil, insecure.NewCredentials()))
	client := testkitv1.NewStreamsServiceClient(n.connect(t, w, insecure.NewCredentials(), session.DialOptions()...))

	_, err := client.Unary(context.Background(), &testkitv1.UnaryRequest{})
	wantPlaintextRefused(t, err)
	_, err = client.ServerStream(context.Background(), &testkitv1.ServerStreamRequest{})
	wantPlaintextRefused(t, err)
	_, err = client.Bidi(context.Background())
	wantPlaintextRefused(t, err)
	if attempts := n.res.attempts(); len(attempts) != 0 {
		t.Errorf("the server saw %d calls, with authorization %q", len(attempts), attempts)
	}
}

// checklist: B7
func TestRefreshTokenIsNotSentInPlaintext(t *testing.T) {
	t.Parallel()
	n, w := newNetwork(t, "tcp", "127.0.0.1:0"), new(wire)
	far, near := n.connect(t, w, insecure.NewCredentials()), n.connect(t, nil, insecure.NewCredentials())
	session := login(t, firstThen{near, far})
	wantPlaintextRefused(t, session.Refresh(context.Background()))
	wantPlaintextRefused(t, session.Logout(context.Background()))
	if n := len(n.auth.refreshed()); n != 0 {
		t.Errorf("the server saw %d renewals", n)
	}
	if strings.Contains(w.text(), "refresh-1") {
		t.Error("the wire saw the refresh token")
	}
}

// firstThen is a connection that moves: the login goes to one, the rest to
// the other.
type firstThen struct{ first, then grpc.ClientConnInterface }

func (c firstThen) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	if method == grpcauthv1.AuthService_Login_FullMethodName {
		return c.first.Invoke(ctx, method, args, reply, opts...)
	}
	return c.then.Invoke(ctx, method, args, reply, opts...)
}

func (c firstThen) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return c.then.NewStream(ctx, desc, method, opts...)
}

func TestInsecureAllowPlaintextSendsAnyway(t *testing.T) {
	t.Parallel()
	n, w := newNetwork(t, "tcp", "127.0.0.1:0"), new(wire)
	session := login(t, n.connect(t, w, insecure.NewCredentials()), authclient.InsecureAllowPlaintext())
	client := testkitv1.NewStreamsServiceClient(n.connect(t, w, insecure.NewCredentials(), session.DialOptions()...))
	if _, err := client.Unary(context.Background(), &testkitv1.UnaryRequest{}); err != nil {
		t.Error(err)
	}
	// The other tests rely on the wire seeing what is sent.
	if !strings.Contains(w.text(), "correct horse") {
		t.Error("the wire did not see the password that was sent")
	}
}

// checklist: B3
func TestTLSToAFarPeerPasses(t *testing.T) {
	t.Parallel()
	server, client := certificate(t)
	n, w := newNetwork(t, "tcp", "127.0.0.1:0", grpc.Creds(server)), new(wire)
	session := login(t, n.connect(t, w, client))
	calls := testkitv1.NewStreamsServiceClient(n.connect(t, w, client, session.DialOptions()...))
	if _, err := calls.Unary(context.Background(), &testkitv1.UnaryRequest{}); err != nil {
		t.Error(err)
	}
	if err := session.Refresh(context.Background()); err != nil {
		t.Error(err)
	}
	if text := w.text(); text == "" || strings.Contains(text, "correct horse") {
		t.Errorf("the wire saw %q", text)
	}
}

// certificate makes a server's credentials for "localhost" and a client's
// that trust them.
func certificate(t *testing.T) (server, client credentials.TransportCredentials) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return credentials.NewServerTLSFromCert(&tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}), credentials.NewClientTLSFromCert(roots, "")
}

// A transport that does not tell whom it talks to is no reason to trust it;
// nor is the peer in a server handler's context, which is that handler's
// caller.
func TestCredentialOutsideACallOfGrpcIsRefused(t *testing.T) {
	t.Parallel()
	session := login(t, serveAuth(t, &scripted{lifetime: time.Hour}))
	local := &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}}
	inHandler := peer.NewContext(context.Background(), local)
	unknownPeer := credentials.NewContextWithRequestInfo(context.Background(), credentials.RequestInfo{})
	for name, tc := range map[string]struct {
		ctx  context.Context
		pass bool
	}{
		"nothing is known":          {context.Background(), false},
		"a handler's own caller":    {inHandler, false},
		"a call to an unknown peer": {unknownPeer, false},
		"a call to a local peer":    {peer.NewContext(unknownPeer, local), true},
	} {
		md, err := session.GetRequestMetadata(tc.ctx, "https://localhost/notes.v1.NotesService")
		if tc.pass != (err == nil) || tc.pass != (md["authorization"] == "Bearer access-1") {
			t.Errorf("%s: metadata %v, error %v", name, len(md), err)
		}
		if !tc.pass && !errors.Is(err, authclient.ErrPlaintext) {
			t.Errorf("%s: error = %v, want ErrPlaintext", name, err)
		}
	}
	if session.RequireTransportSecurity() {
		t.Error("grpc would refuse local connections before the session is asked")
	}
}
