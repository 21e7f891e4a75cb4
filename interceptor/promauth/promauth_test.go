package promauth_test

import (
	"bytes"
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
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

// world is a guarded server whose decisions are counted in a registry.
type world struct {
	registry *prometheus.Registry
	issuer   *authtest.Issuer
	server   *authtest.Server
}

func newWorld(t testing.TB, options ...interceptor.Option) *world {
	t.Helper()
	return newWorldOf(t, notesvc.New(), options...)
}

func newWorldOf(t testing.TB, notes notesv1.NotesServiceServer, options ...interceptor.Option) *world {
	t.Helper()
	w := &world{registry: prometheus.NewPedanticRegistry(), issuer: authtest.NewIssuer(t)}
	observe, err := promauth.New(w.registry)
	if err != nil {
		t.Fatal(err)
	}
	w.server = authtest.NewServer(t, w.issuer, func(r grpc.ServiceRegistrar) {
		notesv1.RegisterNotesServiceServer(r, notes)
	}, append(options, interceptor.WithObserver(observe))...)
	if err := promauth.RegisterCache(w.registry, w.server.Guard()); err != nil {
		t.Fatal(err)
	}
	return w
}

// list calls ListNotes n times over conn.
func list(t testing.TB, conn *grpc.ClientConn, n int) {
	t.Helper()
	for range n {
		_, _ = notesv1.NewNotesServiceClient(conn).ListNotes(t.Context(), &notesv1.ListNotesRequest{})
	}
}

func ping(t testing.TB, conn *grpc.ClientConn) {
	t.Helper()
	if _, err := notesv1.NewNotesServiceClient(conn).Ping(t.Context(), &notesv1.PingRequest{}); err != nil {
		t.Fatal(err)
	}
}

// watch holds a stream open until the server ends it.
func watch(t testing.TB, conn *grpc.ClientConn) {
	t.Helper()
	stream, err := notesv1.NewNotesServiceClient(conn).WatchNotes(t.Context(), &notesv1.WatchNotesRequest{})
	for err == nil {
		_, err = stream.Recv()
	}
}

func (w *world) want(t *testing.T, text string, names ...string) {
	t.Helper()
	if err := testutil.GatherAndCompare(w.registry, strings.NewReader(text), names...); err != nil {
		t.Error(err)
	}
}

func TestCallsAreCountedByWhatBecameOfThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ping(t, w.server.Anonymous())
	list(t, w.server.As("ada", "notes.read"), 3)
	list(t, w.server.As("eve", "notes.write"), 2)
	list(t, w.server.Anonymous(), 1)
	list(t, w.server.WithToken(w.issuer.Expired(token.Spec{})), 2)
	w.want(t, `
		# HELP grpcauth_decisions_total Decisions of the guard about calls.
		# TYPE grpcauth_decisions_total counter
		grpcauth_decisions_total{cached="false",method="/notes.v1.NotesService/ListNotes",outcome="allowed",reason="OK"} 1
		grpcauth_decisions_total{cached="false",method="/notes.v1.NotesService/ListNotes",outcome="denied",reason="SCOPE_MISSING"} 1
		grpcauth_decisions_total{cached="none",method="/notes.v1.NotesService/ListNotes",outcome="denied",reason="TOKEN_EXPIRED"} 2
		grpcauth_decisions_total{cached="none",method="/notes.v1.NotesService/ListNotes",outcome="denied",reason="TOKEN_MISSING"} 1
		grpcauth_decisions_total{cached="none",method="/notes.v1.NotesService/Ping",outcome="allowed",reason="OK"} 1
		grpcauth_decisions_total{cached="true",method="/notes.v1.NotesService/ListNotes",outcome="allowed",reason="OK"} 2
		grpcauth_decisions_total{cached="true",method="/notes.v1.NotesService/ListNotes",outcome="denied",reason="SCOPE_MISSING"} 1
	`, "grpcauth_decisions_total", "grpcauth_stream_ends_total")
	w.want(t, `
		# HELP grpcauth_cache_hits_total Tokens that the guard's cache knew.
		# TYPE grpcauth_cache_hits_total counter
		grpcauth_cache_hits_total 3
		# HELP grpcauth_cache_misses_total Tokens, good or bad, that the guard's cache did not know.
		# TYPE grpcauth_cache_misses_total counter
		grpcauth_cache_misses_total 4
		# HELP grpcauth_cache_tokens About how many tokens the guard's cache keeps.
		# TYPE grpcauth_cache_tokens gauge
		grpcauth_cache_tokens 2
	`, "grpcauth_cache_hits_total", "grpcauth_cache_misses_total", "grpcauth_cache_tokens")
}

func TestCallsLetThroughThoughRefusedAreToldApart(t *testing.T) {
	t.Parallel()
	// Handlers see nobody, and these don't mind.
	w := newWorldOf(t, notesv1.UnimplementedNotesServiceServer{}, interceptor.InsecureReportOnly())
	list(t, w.server.As("ada", "notes.read"), 1)
	list(t, w.server.Anonymous(), 2)
	w.want(t, `
		# HELP grpcauth_decisions_total Decisions of the guard about calls.
		# TYPE grpcauth_decisions_total counter
		grpcauth_decisions_total{cached="false",method="/notes.v1.NotesService/ListNotes",outcome="allowed",reason="OK"} 1
		grpcauth_decisions_total{cached="none",method="/notes.v1.NotesService/ListNotes",outcome="report_only",reason="TOKEN_MISSING"} 2
	`, "grpcauth_decisions_total")
}

func TestTheEndOfAStreamIsNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		watch(t, w.server.As("ada", "notes.read"))
		synctest.Wait() // the observer is told after the stream is over
		w.want(t, `
			# HELP grpcauth_decisions_total Decisions of the guard about calls.
			# TYPE grpcauth_decisions_total counter
			grpcauth_decisions_total{cached="false",method="/notes.v1.NotesService/WatchNotes",outcome="allowed",reason="OK"} 1
			# HELP grpcauth_stream_ends_total Streams that the guard ended after it had let them in.
			# TYPE grpcauth_stream_ends_total counter
			grpcauth_stream_ends_total{method="/notes.v1.NotesService/WatchNotes",outcome="ended",reason="TOKEN_EXPIRED"} 1
		`, "grpcauth_decisions_total", "grpcauth_stream_ends_total")
		if n := w.latencies(t)["false"].GetSampleCount(); n != 1 {
			t.Errorf("%d latencies of one call and the end of its stream", n)
		}
	})
}

func TestAStreamThatWouldHaveEndedIsToldApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, interceptor.InsecureReportOnly())
		client := notesv1.NewNotesServiceClient(w.server.As("ada", "notes.read"))
		stream, err := client.WatchNotes(t.Context(), &notesv1.WatchNotesRequest{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour) // the token expires, the stream does not end
		w.want(t, `
			# HELP grpcauth_stream_ends_total Streams that the guard ended after it had let them in.
			# TYPE grpcauth_stream_ends_total counter
			grpcauth_stream_ends_total{method="/notes.v1.NotesService/WatchNotes",outcome="report_only",reason="TOKEN_EXPIRED"} 1
		`, "grpcauth_stream_ends_total")
		if err := stream.CloseSend(); err != nil {
			t.Error(err)
		}
	})
}

// latencies are the histograms by the label cached.
func (w *world) latencies(t *testing.T) map[string]*dto.Histogram {
	t.Helper()
	found := map[string]*dto.Histogram{}
	for _, m := range w.family(t, "grpcauth_decision_duration_seconds").GetMetric() {
		found[m.GetLabel()[0].GetValue()] = m.GetHistogram()
	}
	return found
}

func (w *world) family(t *testing.T, name string) *dto.MetricFamily {
	t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f
		}
	}
	t.Fatalf("%s is not registered", name)
	return nil
}

func TestLatencyIsThatOfTheDecision(t *testing.T) {
	t.Parallel()
	slow := 40 * time.Millisecond
	registry := prometheus.NewRegistry()
	observe, err := promauth.New(registry)
	if err != nil {
		t.Fatal(err)
	}
	observe(t.Context(), interceptor.Decision{Method: "/a.B/C", Registered: true, Elapsed: slow})
	h := (&world{registry: registry}).latencies(t)["none"]
	if h.GetSampleSum() != slow.Seconds() {
		t.Errorf("the sum is %g s, want %s", h.GetSampleSum(), slow)
	}
	for _, b := range h.GetBucket() {
		if in := b.GetUpperBound() >= slow.Seconds(); in != (b.GetCumulativeCount() == 1) {
			t.Errorf("bucket up to %g s holds %d", b.GetUpperBound(), b.GetCumulativeCount())
		}
	}
	if len(h.GetPositiveSpan()) == 0 {
		t.Error("there are no native buckets")
	}
}

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

func TestNamesAreAsPrometheusHasThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list(t, w.server.As("ada", "notes.read"), 1)
	problems, err := testutil.GatherAndLint(w.registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("GatherAndLint = %v, %v", problems, err)
	}
}

func TestWhatCanNotBeRegisteredIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	twice := func(reg prometheus.Registerer) error { _, err := promauth.New(reg); return err }
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"no registry":           {twice(nil), "promauth: there is no registry: pass prometheus.DefaultRegisterer, or one of yours"},
		"twice":                 {twice(w.registry), "promauth: register the metrics of decisions (guards may share one observer): "},
		"a cache, no registry":  {promauth.RegisterCache(nil, w.server.Guard()), "promauth: there is no registry: pass prometheus.DefaultRegisterer, or one of yours"},
		"a cache without guard": {promauth.RegisterCache(w.registry, nil), "promauth: there is no guard: call RegisterCache with what interceptor.New returned"},
		"a cache twice":         {promauth.RegisterCache(w.registry, w.server.Guard()), "promauth: register the metrics of a cache (a second guard needs prometheus.WrapRegistererWith): "},
	} {
		if tc.err == nil || !strings.HasPrefix(tc.err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, tc.err, tc.want)
		}
	}
}

func TestServersAreToldApartByALabel(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	for _, name := range []string{"public", "admin"} {
		observe, err := promauth.New(prometheus.WrapRegistererWith(prometheus.Labels{"server": name}, registry))
		if err != nil {
			t.Fatal(err)
		}
		observe(t.Context(), interceptor.Decision{Method: "/a.B/C", Registered: true})
	}
	var servers []string
	for _, m := range (&world{registry: registry}).family(t, "grpcauth_decisions_total").GetMetric() {
		servers = append(servers, m.GetLabel()[len(m.GetLabel())-1].GetValue())
	}
	if !slices.Equal(servers, []string{"admin", "public"}) {
		t.Errorf("servers = %q", servers)
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

func TestWhatWasSeenBeforeIsCountedWithoutAllocating(t *testing.T) {
	observe, err := promauth.New(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range decisions() {
		if n := testing.AllocsPerRun(1000, func() { observe(t.Context(), d) }); n > 0 {
			t.Errorf("%g allocations for %s %s", n, d.Method, d.Reason)
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	observe, err := promauth.New(prometheus.NewRegistry())
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
