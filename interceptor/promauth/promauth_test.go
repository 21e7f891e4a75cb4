package promauth_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc"

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

func TestEveryDecisionAboutACallHasALatency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ping(t, w.server.Anonymous())
	list(t, w.server.As("ada", "notes.read"), 3)
	for cached, want := range map[string]uint64{"none": 1, "false": 1, "true": 2} {
		h := w.latencies(t)[cached]
		if h.GetSampleCount() != want || h.GetSampleSum() <= 0 || h.GetSampleSum() > 60 {
			t.Errorf("cached %s: %d in %g s, want %d", cached, h.GetSampleCount(), h.GetSampleSum(), want)
		}
	}
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
