package otelauth

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/interceptor/internal/labels"
)

// New makes the instruments with a meter of provider and returns the observer
// that feeds them, for [interceptor.WithObserver]. It fails without a provider,
// and when the provider can't make an instrument. The observer is safe for
// concurrent use; guards may share it.
func New(provider metric.MeterProvider) (observe func(context.Context, interceptor.Decision), err error) {
	if provider == nil {
		return nil, errors.New("otelauth: there is no meter provider: pass yours, or otel.GetMeterProvider() for the global one")
	}
	i, err := newInstruments(provider.Meter(
		"github.com/grpcauth/grpcauth/interceptor/otelauth",
		metric.WithSchemaURL(semconv.SchemaURL),
	))
	if err != nil {
		return nil, fmt.Errorf("otelauth: make the instruments: %w", err)
	}
	return i.observe, nil
}

// instruments is all that is counted about decisions.
type instruments struct {
	decisions, ends metric.Int64Counter
	duration        metric.Float64Histogram
	prepared        labels.Memo[*prepared]
}

func newInstruments(meter metric.Meter) (*instruments, error) {
	decisions, err1 := meter.Int64Counter("grpcauth.decisions",
		metric.WithUnit("{decision}"),
		metric.WithDescription("Decisions of the guard about calls."))
	ends, err2 := meter.Int64Counter("grpcauth.stream.ends",
		metric.WithUnit("{stream}"),
		metric.WithDescription("Streams that the guard ended after it had let them in."))
	duration, err3 := meter.Float64Histogram("grpcauth.decision.duration",
		metric.WithUnit("s"),
		metric.WithDescription("How long decisions about calls took."),
		metric.WithExplicitBucketBoundaries(labels.Seconds()...))
	return &instruments{decisions: decisions, ends: ends, duration: duration}, errors.Join(err1, err2, err3)
}

func (i *instruments) observe(ctx context.Context, d interceptor.Decision) {
	p := i.prepared.Get(labels.Of(d), prepare)
	if d.StreamEnd {
		i.ends.Add(ctx, 1, p.count...)
	} else {
		i.decisions.Add(ctx, 1, p.count...)
		i.duration.Record(ctx, d.Elapsed.Seconds(), p.duration...)
	}
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.AddEvent(p.event, p.attributes...)
	}
}
