package otelauth_test

import (
	"context"
	"testing"
	"testing/synctest"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/token"
)

// recordSpans starts a span for each call, before the guard sees it. A call is
// answered after its span has ended.
func recordSpans(options ...sdktrace.TracerProviderOption) ([]grpc.ServerOption, *tracetest.InMemoryExporter) {
	exporter := tracetest.NewInMemoryExporter()
	tracer := sdktrace.NewTracerProvider(append(options, sdktrace.WithSyncer(exporter))...).Tracer("test")
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			ctx, span := tracer.Start(ctx, info.FullMethod)
			defer span.End()
			return handler(ctx, req)
		}),
		grpc.ChainStreamInterceptor(func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			ctx, span := tracer.Start(stream.Context(), info.FullMethod)
			defer span.End()
			return handler(srv, &middleware.WrappedServerStream{ServerStream: stream, WrappedContext: ctx})
		}),
	}, exporter
}

// encoded is a list of attributes as text.
func encoded(attributes []attribute.KeyValue) string {
	set := attribute.NewSet(attributes...)
	return set.Encoded(attribute.DefaultEncoder())
}

func TestADecisionIsAnEventOfItsCallsSpan(t *testing.T) {
	t.Parallel()
	tracing, exporter := recordSpans()
	w := newWorld(t, tracing...)
	list(t, w.conn(), 1)
	events := exporter.GetSpans()[0].Events
	if len(events) != 1 || events[0].Name != "grpcauth.decision" {
		t.Fatalf("events = %+v", events)
	}
	// The event says what the counter does.
	w.want(t, "grpcauth.decisions", map[string]int64{encoded(events[0].Attributes): 1})
}

func TestTheEndOfAStreamIsAnEventOfItsSpan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tracing, exporter := recordSpans()
		w := newWorld(t, tracing...)
		conn := w.as(w.issuer.Token(token.Spec{Scopes: []string{"notes.read"}}))
		stream, err := notesv1.NewNotesServiceClient(conn).WatchNotes(t.Context(), &notesv1.WatchNotesRequest{})
		for err == nil {
			_, err = stream.Recv()
		}
		synctest.Wait() // the client is told before the span ends
		events := exporter.GetSpans()[0].Events
		if len(events) != 2 || events[0].Name != "grpcauth.decision" || events[1].Name != "grpcauth.stream.end" {
			t.Fatalf("events = %+v", events)
		}
		w.want(t, "grpcauth.stream.ends", map[string]int64{encoded(events[1].Attributes): 1})
	})
}

// Most spans of a busy server are not sampled: they cost nothing here.
func TestASpanThatIsNotRecordedGetsNoEvent(t *testing.T) {
	t.Parallel()
	tracing, exporter := recordSpans(sdktrace.WithSampler(sdktrace.NeverSample()))
	w := newWorld(t, tracing...)
	list(t, w.conn(), 1)
	if spans := exporter.GetSpans(); len(spans) != 0 {
		t.Errorf("spans = %+v", spans)
	}
	if n := len(w.counts(t, "grpcauth.decisions")); n != 1 {
		t.Errorf("%d kinds of decision were counted", n)
	}
}
