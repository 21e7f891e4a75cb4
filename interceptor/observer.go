package interceptor

import (
	"context"
	"time"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// Decision is what the Guard decided about one call, for logs and metrics.
type Decision struct {
	// Method is the full method, "/package.Service/Method". It is what the
	// client sent: see Registered.
	Method string
	// Registered is true when Method is one of the protected server's. Only
	// then is it safe as a metric's label.
	Registered bool
	// Reason is why the call was refused, or UNSPECIFIED when it was let in.
	Reason grpcauthv1.Reason
	// Cause is the inner error behind the reason. It may hold details that a
	// client must not see, but never a token.
	Cause error
	// Claims are the caller's, nil when nobody was authenticated.
	Claims *token.Claims
	// Cached is true when the token had been proven at an earlier call.
	Cached bool
	// StreamEnd is true when the decision ended a stream that had been let in.
	StreamEnd bool
	// ReportOnly is true when the call was let through all the same: see
	// [InsecureReportOnly].
	ReportOnly bool
	// Elapsed is how long the decision took. It is zero for a StreamEnd.
	Elapsed time.Duration
}

// Denied reports whether the call was refused, or would have been.
func (d Decision) Denied() bool { return d.Reason != grpcauthv1.Reason_REASON_UNSPECIFIED }

// WithObserver has every decision told to observe: it must be quick and safe
// for concurrent use. It runs on the call's own goroutine; only the end of a
// stream is told on another one, where no interceptor recovers a panic.
// Default: nobody is told. Packages promauth and otelauth have observers for
// Prometheus and OpenTelemetry; given several times, each is told in turn.
func WithObserver(observe func(context.Context, Decision)) Option {
	return optionFunc(func(g *Guard) error {
		if observe != nil {
			g.observers = append(g.observers, observe)
		}
		return nil
	})
}

// begin is when a decision begins, where anybody wants to know.
func (g *Guard) begin() (begun time.Time) {
	if len(g.observers) > 0 {
		begun = time.Now()
	}
	return begun
}

// observe tells the observers what was decided since begun. A zero begun means
// that a stream was ended.
func (g *Guard) observe(ctx context.Context, method string, v *verdict, begun time.Time) {
	if len(g.observers) == 0 {
		return
	}
	d := Decision{Method: method, Registered: v.rule != nil, Claims: v.claims, Cached: v.cached, StreamEnd: begun.IsZero()}
	if !d.StreamEnd {
		d.Elapsed = time.Since(begun)
	}
	if v.denial != nil {
		d.Reason, d.Cause, d.ReportOnly = v.denial.Reason, v.denial.Unwrap(), v.waived
	}
	for _, observe := range g.observers {
		observe(ctx, d)
	}
}
