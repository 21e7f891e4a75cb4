package otelauth

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/grpcauth/grpcauth/interceptor/internal/labels"
)

// other is the rpc.method of every method that the server does not have, as
// the semantic conventions demand.
const other = "_OTHER"

// prepared is what one kind of decision is recorded with. It is made once.
type prepared struct {
	count      []metric.AddOption
	duration   []metric.RecordOption
	event      string
	attributes []trace.EventOption
}

func prepare(k labels.Key) *prepared {
	event, of := "grpcauth.decision", attributes(k)
	if k.StreamEnd {
		event = "grpcauth.stream.end"
	}
	latency := append([]attribute.KeyValue{semconv.RPCSystemNameGRPC}, cached(k)...)
	return &prepared{
		count:      []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(of...))},
		duration:   []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(latency...))},
		event:      event,
		attributes: []trace.EventOption{trace.WithAttributes(of...)},
	}
}

func attributes(k labels.Key) []attribute.KeyValue {
	all := []attribute.KeyValue{
		semconv.RPCSystemNameGRPC,
		semconv.RPCMethod(method(k)),
		attribute.String("grpcauth.outcome", k.Outcome.String()),
		attribute.String("grpcauth.reason", k.Reason()),
	}
	if k.Outcome == labels.Denied || k.Outcome == labels.Ended {
		all = append(all, semconv.ErrorTypeKey.String(k.Reason()))
	}
	if k.StreamEnd {
		return all
	}
	return append(all, cached(k)...)
}

func method(k labels.Key) string {
	if k.Method == "" {
		return other
	}
	return strings.TrimPrefix(k.Method, "/")
}

// cached is empty when no token was proven.
func cached(k labels.Key) []attribute.KeyValue {
	if k.Cached == labels.NotProven {
		return nil
	}
	return []attribute.KeyValue{attribute.Bool("grpcauth.cached", k.Cached == labels.Hit)}
}
