package otelauth_test

import (
	"context"
	"net"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/grpcauth/grpcauth/authtest"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/examples/notesvc"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/interceptor/otelauth"
)

// world is a guarded server whose decisions are counted.
type world struct {
	reader *sdkmetric.ManualReader
	issuer *authtest.Issuer
	conn   func(options ...grpc.DialOption) *grpc.ClientConn
}

// newWorld starts the notes service. The server has an answer for methods
// that it does not know, as one that passes calls on has.
func newWorld(t testing.TB, options ...grpc.ServerOption) *world {
	t.Helper()
	return newWorldOf(t, notesvc.New(), nil, options...)
}

func newWorldOf(t testing.TB, notes notesv1.NotesServiceServer, guarded []interceptor.Option, options ...grpc.ServerOption) *world {
	t.Helper()
	w := &world{reader: sdkmetric.NewManualReader(), issuer: authtest.NewIssuer(t)}
	observe, err := otelauth.New(sdkmetric.NewMeterProvider(sdkmetric.WithReader(w.reader)))
	if err != nil {
		t.Fatal(err)
	}
	guard, err := interceptor.New(w.issuer.Verifier(), append(guarded, interceptor.WithObserver(observe))...)
	if err != nil {
		t.Fatal(err)
	}
	options = append(options, grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return nil }))
	srv := grpc.NewServer(append(options, guard.ServerOptions()...)...)
	notesv1.RegisterNotesServiceServer(srv, notes)
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	w.serve(t, srv)
	return w
}

func (w *world) serve(t testing.TB, srv *grpc.Server) {
	listener, served := bufconn.Listen(1<<20), make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	t.Cleanup(func() {
		srv.Stop()
		<-served
	})
	w.conn = func(options ...grpc.DialOption) *grpc.ClientConn {
		conn, err := grpc.NewClient("passthrough:bufconn", append(options,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
}

// bearer is a token that is sent with every call.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }

func (w *world) as(raw string) *grpc.ClientConn {
	return w.conn(grpc.WithPerRPCCredentials(bearer(raw)))
}

func list(t testing.TB, conn *grpc.ClientConn, n int) {
	t.Helper()
	for range n {
		_, _ = notesv1.NewNotesServiceClient(conn).ListNotes(t.Context(), &notesv1.ListNotesRequest{})
	}
}

func collect(t testing.TB, reader *sdkmetric.ManualReader) map[string]metricdata.Metrics {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	byName := map[string]metricdata.Metrics{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			byName[m.Name] = m
		}
	}
	return byName
}
