package otelauth_test

import (
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/interceptor/otelauth"
	"github.com/grpcauth/grpcauth/token"
)

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
