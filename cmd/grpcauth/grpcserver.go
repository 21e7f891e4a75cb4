package main

import (
	"crypto/tls"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/token"
)

// Nothing that the AuthService is sent is large.
const (
	maxMessage = 64 << 10
	maxHeaders = 64 << 10
)

// handshakePatience is how long a connection may take to become one of gRPC.
const handshakePatience = 20 * time.Second

// newGRPC makes the guarded server.
func newGRPC(c *serveCmd, auth *authsvc.Service, config *tls.Config, log *slog.Logger) (*grpc.Server, *health.Server, error) {
	verifier, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{auth.TrustedIssuer()}})
	if err != nil {
		return nil, nil, err
	}
	guard, err := interceptor.New(verifier,
		interceptor.WithPublicInfrastructure(),
		interceptor.WithRevocations(auth.Revocations()),
		interceptor.WithObserver(logDecisions(log, c.Proxy)),
		interceptor.AllowPlaintextFrom(c.plaintextFrom()...))
	if err != nil {
		return nil, nil, err
	}
	srv := grpc.NewServer(append(limits(config), guard.ServerOptions()...)...)
	status := health.NewServer()
	auth.Register(srv)
	healthv1.RegisterHealthServer(srv, status)
	reflection.Register(srv)
	return srv, status, guard.Protect(srv)
}

func limits(config *tls.Config) []grpc.ServerOption {
	options := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.MaxHeaderListSize(maxHeaders),
		grpc.MaxConcurrentStreams(1000),
		grpc.ConnectionTimeout(handshakePatience),
		// A client may ask whether we are there twice a minute, also between
		// calls: proxies forget connections on which nothing moves.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 30 * time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 2 * time.Minute, Timeout: 20 * time.Second}),
		// The store closes after the last handler has returned.
		grpc.WaitForHandlers(true),
	}
	if config != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(config)))
	}
	return options
}
