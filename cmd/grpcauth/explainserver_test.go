package main

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/token"
)

// guarded is a real server whose method Check has a rule. Like the forger's
// tokens it lives at explainedAt.
func guarded(t *testing.T, f *forger, rule *grpcauthv1.Rule) healthv1.HealthClient {
	t.Helper()
	keys, err := token.NewStaticKeys(f.key())
	if err != nil {
		t.Fatal(err)
	}
	at := explainedTime(t)
	trusted := []token.TrustedIssuer{{Issuer: testIssuer, Audiences: []string{testAudience}, Keys: keys}}
	for _, other := range rule.GetIssuers() { // a rule names only issuers that are trusted
		if other != testIssuer {
			trusted = append(trusted, token.TrustedIssuer{Issuer: other, Audiences: []string{testAudience}, Keys: keys})
		}
	}
	verifier, err := token.NewVerifier(token.VerifierConfig{Issuers: trusted, Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	guard, err := interceptor.New(verifier,
		interceptor.WithRule(explainedMethod, rule), interceptor.WithRule("/grpc.health.v1.Health/*", interceptor.Public()))
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	healthv1.RegisterHealthServer(srv, health.NewServer())
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	listener := bufconn.Listen(1 << 20)
	go func() { _ = srv.Serve(listener) }()
	t.Cleanup(srv.Stop)
	conn, err := grpc.NewClient("passthrough:bufconn", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return healthv1.NewHealthClient(conn)
}

// checkServerSays makes the call that was explained.
func checkServerSays(t *testing.T, f *forger, c refusedCall, code, reason, message string) {
	t.Helper()
	if strings.ContainsFunc(c.raw, func(r rune) bool { return r < ' ' || r > '~' }) || len(c.raw) > 64<<10 {
		return // no client can send it
	}
	if at := len(c.args) - 2; at >= 0 && c.args[at] == "--certificate" {
		return // there is no handshake
	}
	ctx := t.Context()
	if c.raw != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.raw)
	}
	request := &healthv1.HealthCheckRequest{}
	if len(c.args) > 0 && strings.Contains(c.args[1], "bob") {
		request.Service = "bob"
	}
	_, err := guarded(t, f, c.rule).Check(ctx, request)
	if st := status.Convert(err); st.Code().String() != code || st.Message() != message || fault.Name(fault.FromStatus(err)) != reason {
		t.Errorf("a server says %s %s: %s\nexplained as %s %s: %s", st.Code(), fault.Name(fault.FromStatus(err)), st.Message(), code, reason, message)
	}
}
