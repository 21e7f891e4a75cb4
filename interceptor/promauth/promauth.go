package promauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/interceptor/internal/labels"
)

// unknown stands for every method that the server does not have.
const unknown = "unknown"

// New registers the metrics with reg and returns the observer that feeds them,
// for [interceptor.WithObserver]. It fails without a registry, and when reg has
// these metrics already: guards may share an observer. The observer is safe
// for concurrent use and allocates nothing for what it has seen before.
func New(reg prometheus.Registerer) (observe func(context.Context, interceptor.Decision), err error) {
	if reg == nil {
		return nil, errNoRegistry
	}
	m := newMetrics()
	if err := reg.Register(m); err != nil {
		return nil, fmt.Errorf("promauth: register the metrics of decisions (guards may share one observer): %w", err)
	}
	return m.observe, nil
}

var errNoRegistry = errors.New("promauth: there is no registry: pass prometheus.DefaultRegisterer, or one of yours")

// metrics is all that is counted about decisions. It is registered as one
// collector, so that either all of it is or nothing.
type metrics struct {
	decisions, ends *prometheus.CounterVec
	latency         *prometheus.HistogramVec
	series          labels.Memo[series]
}

// series is what one kind of decision changes.
type series struct {
	count   prometheus.Counter
	latency prometheus.Observer // nil for the end of a stream
}

func newMetrics() *metrics {
	return &metrics{
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "grpcauth_decisions_total",
			Help: "Decisions of the guard about calls.",
		}, []string{"method", "outcome", "reason", "cached"}),
		ends: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "grpcauth_stream_ends_total",
			Help: "Streams that the guard ended after it had let them in.",
		}, []string{"method", "outcome", "reason"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "grpcauth_decision_duration_seconds",
			Help:    "How long decisions about calls took.",
			Buckets: labels.Seconds(),
			// Native buckets at most 10 % wide; too many are merged, and
			// split again after an hour.
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"cached"}),
	}
}

func (m *metrics) observe(_ context.Context, d interceptor.Decision) {
	s := m.series.Get(labels.Of(d), m.resolve)
	s.count.Inc()
	if s.latency != nil {
		s.latency.Observe(d.Elapsed.Seconds())
	}
}

// resolve finds the series of a kind of decision that was not seen before.
func (m *metrics) resolve(k labels.Key) series {
	method := k.Method
	if method == "" {
		method = unknown
	}
	if k.StreamEnd {
		return series{count: m.ends.WithLabelValues(method, k.Outcome.String(), k.Reason())}
	}
	return series{
		count:   m.decisions.WithLabelValues(method, k.Outcome.String(), k.Reason(), k.Cached.String()),
		latency: m.latency.WithLabelValues(k.Cached.String()),
	}
}

// Describe is part of [prometheus.Collector].
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	m.decisions.Describe(ch)
	m.ends.Describe(ch)
	m.latency.Describe(ch)
}

// Collect is part of [prometheus.Collector].
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	m.decisions.Collect(ch)
	m.ends.Collect(ch)
	m.latency.Collect(ch)
}
