package authtest

import (
	"context"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/token"
)

// Server is a guarded gRPC server over an in-memory connection.
type Server struct {
	t        testing.TB
	issuer   *Issuer
	guard    *interceptor.Guard
	listener *bufconn.Listener
}

// NewServer starts a server with the services that register adds, guarded by
// the rules in their .proto files and those in options. The test fails when a
// method is left without a rule. The server stops with the test.
func NewServer(t testing.TB, issuer *Issuer, register func(grpc.ServiceRegistrar), options ...interceptor.Option) *Server {
	t.Helper()
	guard, err := interceptor.New(issuer.Verifier(), options...)
	if err != nil {
		t.Fatalf("authtest: %v", err)
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	register(srv)
	if err := guard.Protect(srv); err != nil {
		t.Fatalf("authtest: %v", err)
	}
	s := &Server{t: t, issuer: issuer, guard: guard, listener: bufconn.Listen(1 << 20)}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(s.listener) // ends with Stop below
	}()
	t.Cleanup(func() {
		srv.Stop()
		<-served
	})
	return s
}

// Guard is the server's guard.
func (s *Server) Guard() *interceptor.Guard { return s.guard }

// As is a connection that calls as subject with an access token that holds
// these scopes.
func (s *Server) As(subject string, scopes ...string) *grpc.ClientConn {
	s.t.Helper()
	return s.With(token.Spec{Subject: subject, Scopes: scopes})
}

// With is a connection that calls with a token as spec describes it.
func (s *Server) With(spec token.Spec) *grpc.ClientConn {
	s.t.Helper()
	return s.WithToken(s.issuer.Token(spec))
}

// WithToken is a connection that sends this token with every call, good or
// bad.
func (s *Server) WithToken(raw string) *grpc.ClientConn {
	s.t.Helper()
	return s.Dial(grpc.WithPerRPCCredentials(staticToken(raw)))
}

// Anonymous is a connection that sends no token.
func (s *Server) Anonymous() *grpc.ClientConn {
	s.t.Helper()
	return s.Dial()
}

// Dial is a connection with options of the test's own. It closes with the
// test.
func (s *Server) Dial(options ...grpc.DialOption) *grpc.ClientConn {
	s.t.Helper()
	conn, err := grpc.NewClient("passthrough:bufconn", append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return s.listener.DialContext(ctx) }),
	}, options...)...)
	if err != nil {
		s.t.Fatalf("authtest: %v", err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// staticToken sends one token with every call, over the in-memory connection
// only that it is used on.
type staticToken string

func (t staticToken) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(t)}, nil
}

func (staticToken) RequireTransportSecurity() bool { return false }

// swapSignature is good with the signature of bad.
func swapSignature(good, bad string) string {
	return good[:strings.LastIndexByte(good, '.')] + bad[strings.LastIndexByte(bad, '.'):]
}
