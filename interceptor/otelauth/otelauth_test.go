package otelauth_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcauth/grpcauth/authtest"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/examples/notesvc"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/interceptor/otelauth"
	"github.com/grpcauth/grpcauth/token"
)

// world is a guarded server whose decisions are counted.
type world struct {
	reader *sdkmetric.ManualReader
	issuer *authtest.Issuer
	guard  *interceptor.Guard
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
	w.guard, err = interceptor.New(w.issuer.Verifier(), append(guarded, interceptor.WithObserver(observe))...)
	if err != nil {
		t.Fatal(err)
	}
	options = append(options, grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return nil }))
	srv := grpc.NewServer(append(options, w.guard.ServerOptions()...)...)
	notesv1.RegisterNotesServiceServer(srv, notes)
	if err := w.guard.Protect(srv); err != nil {
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

// counts are a counter's values by their attributes, as text.
func (w *world) counts(t testing.TB, name string) map[string]int64 {
	t.Helper()
	sum, ok := collect(t, w.reader)[name].Data.(metricdata.Sum[int64])
	if !ok {
		return nil
	}
	found := map[string]int64{}
	for _, p := range sum.DataPoints {
		found[p.Attributes.Encoded(attribute.DefaultEncoder())] = p.Value
	}
	return found
}

func (w *world) want(t *testing.T, name string, want map[string]int64) {
	t.Helper()
	if got := w.counts(t, name); !maps.Equal(got, want) {
		t.Errorf("%s is\n%v, want\n%v", name, got, want)
	}
}

func TestCallsAreCountedByWhatBecameOfThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := notesv1.NewNotesServiceClient(w.conn()).Ping(t.Context(), &notesv1.PingRequest{}); err != nil {
		t.Fatal(err)
	}
	list(t, w.as(w.issuer.Token(token.Spec{Scopes: []string{"notes.read"}})), 3)
	list(t, w.as(w.issuer.Token(token.Spec{})), 1)
	list(t, w.conn(), 2)
	w.want(t, "grpcauth.decisions", map[string]int64{
		"grpcauth.outcome=allowed,grpcauth.reason=OK,rpc.method=notes.v1.NotesService/Ping,rpc.system.name=grpc":                                                               1,
		"grpcauth.cached=false,grpcauth.outcome=allowed,grpcauth.reason=OK,rpc.method=notes.v1.NotesService/ListNotes,rpc.system.name=grpc":                                    1,
		"grpcauth.cached=true,grpcauth.outcome=allowed,grpcauth.reason=OK,rpc.method=notes.v1.NotesService/ListNotes,rpc.system.name=grpc":                                     2,
		"error.type=SCOPE_MISSING,grpcauth.cached=false,grpcauth.outcome=denied,grpcauth.reason=SCOPE_MISSING,rpc.method=notes.v1.NotesService/ListNotes,rpc.system.name=grpc": 1,
		"error.type=TOKEN_MISSING,grpcauth.outcome=denied,grpcauth.reason=TOKEN_MISSING,rpc.method=notes.v1.NotesService/ListNotes,rpc.system.name=grpc":                       2,
	})
	w.want(t, "grpcauth.stream.ends", nil)
}

func TestCallsLetThroughThoughRefusedAreToldApart(t *testing.T) {
	t.Parallel()
	// Handlers see nobody, and these don't mind.
	w := newWorldOf(t, notesv1.UnimplementedNotesServiceServer{}, []interceptor.Option{interceptor.InsecureReportOnly()})
	list(t, w.conn(), 2)
	w.want(t, "grpcauth.decisions", map[string]int64{
		"grpcauth.outcome=report_only,grpcauth.reason=TOKEN_MISSING,rpc.method=notes.v1.NotesService/ListNotes,rpc.system.name=grpc": 2,
	})
}

func TestTheEndOfAStreamIsNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		conn := w.as(w.issuer.Token(token.Spec{Scopes: []string{"notes.read"}}))
		stream, err := notesv1.NewNotesServiceClient(conn).WatchNotes(t.Context(), &notesv1.WatchNotesRequest{})
		for err == nil {
			_, err = stream.Recv()
		}
		synctest.Wait() // the observer is told after the stream is over
		w.want(t, "grpcauth.decisions", map[string]int64{
			"grpcauth.cached=false,grpcauth.outcome=allowed,grpcauth.reason=OK,rpc.method=notes.v1.NotesService/WatchNotes,rpc.system.name=grpc": 1,
		})
		w.want(t, "grpcauth.stream.ends", map[string]int64{
			"error.type=TOKEN_EXPIRED,grpcauth.outcome=ended,grpcauth.reason=TOKEN_EXPIRED,rpc.method=notes.v1.NotesService/WatchNotes,rpc.system.name=grpc": 1,
		})
		if n := durations(t, w.reader)["grpcauth.cached=false,rpc.system.name=grpc"].Count; n != 1 {
			t.Errorf("%d durations of one call and the end of its stream", n)
		}
	})
}

// durations are the histograms by their attributes, as text.
func durations(t testing.TB, reader *sdkmetric.ManualReader) map[string]metricdata.HistogramDataPoint[float64] {
	t.Helper()
	h, ok := collect(t, reader)["grpcauth.decision.duration"].Data.(metricdata.Histogram[float64])
	if !ok {
		t.Fatal("no durations were recorded")
	}
	found := map[string]metricdata.HistogramDataPoint[float64]{}
	for _, p := range h.DataPoints {
		found[p.Attributes.Encoded(attribute.DefaultEncoder())] = p
	}
	return found
}

func TestDurationIsThatOfTheDecisionInSeconds(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	observe, err := otelauth.New(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	if err != nil {
		t.Fatal(err)
	}
	observe(t.Context(), interceptor.Decision{Method: "/a.B/C", Registered: true, Elapsed: 40 * time.Millisecond})
	p := durations(t, reader)["rpc.system.name=grpc"]
	if p.Sum != 0.04 || len(p.Bounds) < 15 || p.Bounds[0] > 300e-9 {
		t.Errorf("sum %g s in buckets up to %g", p.Sum, p.Bounds)
	}
	if m := collect(t, reader)["grpcauth.decision.duration"]; m.Unit != "s" {
		t.Errorf("the unit is %q", m.Unit)
	}
}

func TestHostileMethodsAreNoAttributes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := w.conn()
	for i := range 1000 {
		_ = conn.Invoke(t.Context(), "/evil.Service"+strconv.Itoa(i)+"/Method", &emptypb.Empty{}, &emptypb.Empty{})
	}
	w.want(t, "grpcauth.decisions", map[string]int64{
		"error.type=NO_RULE,grpcauth.outcome=denied,grpcauth.reason=NO_RULE,rpc.method=_OTHER,rpc.system.name=grpc": 1000,
	})
}

// checklist: B2
func TestNothingAboutTheCallerIsRecorded(t *testing.T) {
	t.Parallel()
	tracing, exporter := recordSpans()
	w := newWorld(t, tracing...)
	spec := token.Spec{
		Subject: "subject-7f3a", ClientID: "client-7f3a", Scopes: []string{"scope-7f3a"}, Roles: []string{"role-7f3a"},
		Claims: map[string]any{"claim-7f3a": "value-7f3a"},
	}
	good, bad := w.issuer.Token(spec), w.issuer.WrongKey(spec)
	list(t, w.as(good), 2)
	list(t, w.as(bad), 1)
	list(t, w.as(w.issuer.WrongAudience(spec)), 1)
	text := fmt.Sprintf("%+v %+v", collect(t, w.reader), exporter.GetSpans())
	for _, secret := range append(strings.Split(good+"."+bad, "."), "7f3a", authtest.IssuerName, authtest.Audience) {
		if strings.Contains(text, secret) {
			t.Errorf("%q was recorded:\n%s", secret, text)
		}
	}
	for _, recorded := range []string{"SCOPE_MISSING", "TOKEN_SIGNATURE", "TOKEN_AUDIENCE"} {
		if !strings.Contains(text, recorded) {
			t.Errorf("%s was not recorded:\n%s", recorded, text)
		}
	}
}

// broken is a provider whose meter makes no histogram.
type broken struct{ noop.MeterProvider }

type brokenMeter struct{ noop.Meter }

func (broken) Meter(string, ...metric.MeterOption) metric.Meter { return brokenMeter{} }

func (brokenMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return nil, fmt.Errorf("no more histograms")
}

func TestAProviderIsNeeded(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		provider metric.MeterProvider
		want     string
	}{
		"none":                   {nil, "otelauth: there is no meter provider: pass yours, or otel.GetMeterProvider() for the global one"},
		"one without histograms": {broken{}, "otelauth: make the instruments: no more histograms"},
		"one that does nothing":  {noop.NewMeterProvider(), ""},
	} {
		observe, err := otelauth.New(tc.provider)
		if text := fmt.Sprint(err); tc.want != "" && (text != tc.want || observe != nil) {
			t.Errorf("%s: %s, want %s", name, text, tc.want)
		}
		if tc.want == "" && (err != nil || observe == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// decisions are of the kinds that a busy server makes.
func decisions() []interceptor.Decision {
	claims := &token.Claims{}
	var all []interceptor.Decision
	for _, method := range []string{"/notes.v1.NotesService/ListNotes", "/notes.v1.NotesService/CreateNote"} {
		all = append(all,
			interceptor.Decision{Method: method, Registered: true, Claims: claims, Cached: true, Elapsed: 300 * time.Nanosecond},
			interceptor.Decision{Method: method, Registered: true, Claims: claims, Elapsed: 60 * time.Microsecond},
			interceptor.Decision{Method: method, Registered: true, Claims: claims, Reason: 31, Elapsed: time.Microsecond},
		)
	}
	return all
}

// What this package adds costs nothing; what the SDK does it measures itself.
func TestWhatWasSeenBeforeIsCountedWithoutAllocating(t *testing.T) {
	for name, provider := range map[string]metric.MeterProvider{
		"no-op": noop.NewMeterProvider(),
		"SDK":   sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())),
	} {
		observe, err := otelauth.New(provider)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range decisions() {
			if n := testing.AllocsPerRun(1000, func() { observe(t.Context(), d) }); n > 0 {
				t.Errorf("%s: %g allocations for %s %s", name, n, d.Method, d.Reason)
			}
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	observe, err := otelauth.New(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())))
	if err != nil {
		b.Fatal(err)
	}
	ctx, all := b.Context(), decisions()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			observe(ctx, all[i%len(all)])
		}
	})
}
