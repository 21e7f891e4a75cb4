package promauth_test

import (
	"bytes"
	"context"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcauth/grpcauth/authtest"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/examples/notesvc"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/interceptor/promauth"
	"github.com/grpcauth/grpcauth/token"
)

// A server that passes calls on has a handler for methods it does not know,
// and so interceptors for them.
func TestHostileMethodsAreNoLabels(t *testing.T) {
	t.Parallel()
	registry, issuer := prometheus.NewPedanticRegistry(), authtest.NewIssuer(t)
	observe, err := promauth.New(registry)
	if err != nil {
		t.Fatal(err)
	}
	guard, err := interceptor.New(issuer.Verifier(), interceptor.WithObserver(observe))
	if err != nil {
		t.Fatal(err)
	}
	conn := proxy(t, guard)
	for i := range 1000 {
		_ = conn.Invoke(t.Context(), "/evil.Service"+strconv.Itoa(i)+"/Method", &emptypb.Empty{}, &emptypb.Empty{})
	}
	(&world{registry: registry}).want(t, `
		# HELP grpcauth_decisions_total Decisions of the guard about calls.
		# TYPE grpcauth_decisions_total counter
		grpcauth_decisions_total{cached="none",method="unknown",outcome="denied",reason="NO_RULE"} 1000
	`, "grpcauth_decisions_total")
	if text := gathered(t, registry); strings.Contains(text, "evil") {
		t.Errorf("a client's method is in the metrics:\n%s", text)
	}
}

// proxy is a connection to a guarded server that would answer any method.
func proxy(t *testing.T, guard *interceptor.Guard) *grpc.ClientConn {
	t.Helper()
	srv := grpc.NewServer(append(guard.ServerOptions(), grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return nil }))...)
	notesv1.RegisterNotesServiceServer(srv, notesvc.New())
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	listener := bufconn.Listen(1 << 20)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:bufconn",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		srv.Stop()
		<-served
	})
	return conn
}

// gathered is all that a scrape would be told, as text of protobuf.
func gathered(t *testing.T, g prometheus.Gatherer) string {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, f := range families {
		b.WriteString(f.String() + "\n")
	}
	return b.String()
}

// checklist: B2
func TestNothingAboutTheCallerIsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	spec := token.Spec{
		Subject: "subject-7f3a", ClientID: "client-7f3a", Scopes: []string{"scope-7f3a"}, Roles: []string{"role-7f3a"},
		Claims: map[string]any{"claim-7f3a": "value-7f3a"},
	}
	good, bad := w.issuer.Token(spec), w.issuer.WrongKey(spec)
	list(t, w.server.WithToken(good), 2)
	list(t, w.server.WithToken(bad), 1)
	list(t, w.server.WithToken(w.issuer.WrongAudience(spec)), 1)
	spec.Scopes = append(spec.Scopes, "notes.read")
	list(t, w.server.With(spec), 1)
	text := gathered(t, w.registry)
	secrets := append(strings.Split(good+"."+bad, "."), "7f3a", authtest.IssuerName, authtest.Audience)
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the metrics:\n%s", secret, text)
		}
	}
	for _, counted := range []string{"SCOPE_MISSING", "TOKEN_SIGNATURE", "TOKEN_AUDIENCE", `"OK"`} {
		if !strings.Contains(text, counted) {
			t.Errorf("%s was not counted:\n%s", counted, text)
		}
	}
}
