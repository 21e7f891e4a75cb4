package labels

import (
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// Outcome is what became of a call, or of a stream that had been let in.
type Outcome uint8

// The outcomes.
const (
	Allowed    Outcome = iota
	Denied             // of a call
	Ended              // of a stream
	ReportOnly         // of both: it was let through, and would have been denied or ended
)

// String is the outcome as metrics have it.
func (o Outcome) String() string {
	return [...]string{"allowed", "denied", "ended", "report_only"}[o]
}

// Cached is what the cache of proven tokens was for. A token that was not
// proven was not sent, not read (public methods), or bad.
type Cached uint8

// What the cache can be.
const (
	NotProven Cached = iota
	Miss             // proven at this call
	Hit              // proven at an earlier one
)

// String is what metrics have under "cached".
func (c Cached) String() string { return [...]string{"none", "false", "true"}[c] }

// Key is what a decision is counted under.
type Key struct {
	// Method is the full method, "/package.Service/Method", or "" when the
	// server has no such method.
	Method string
	// StreamEnd is true when this is about a stream that had been let in.
	StreamEnd bool
	Outcome   Outcome
	Cached    Cached
	// Code is why the call was refused, or UNSPECIFIED.
	Code grpcauthv1.Reason
}

// Of is the Key of a decision.
func Of(d interceptor.Decision) Key {
	k := Key{StreamEnd: d.StreamEnd, Outcome: outcome(d), Cached: cached(d), Code: d.Reason}
	if d.Registered {
		k.Method = d.Method
	}
	return k
}

func outcome(d interceptor.Decision) Outcome {
	switch {
	case d.ReportOnly:
		return ReportOnly
	case d.StreamEnd:
		return Ended
	case d.Denied():
		return Denied
	}
	return Allowed
}

func cached(d interceptor.Decision) Cached {
	switch {
	case d.Claims == nil:
		return NotProven
	case d.Cached:
		return Hit
	}
	return Miss
}

// Reason is the reason as google.rpc.ErrorInfo spells it, or "OK".
func (k Key) Reason() string {
	if k.Code == grpcauthv1.Reason_REASON_UNSPECIFIED {
		return "OK"
	}
	return fault.Name(k.Code)
}

// Seconds are the bounds of the buckets that a decision's latency falls into:
// a cached token takes some 300 ns, a signature 30 to 100 µs, and what a user
// loader asks of a database some milliseconds.
func Seconds() []float64 {
	return []float64{
		250e-9, 500e-9, 1e-6, 2.5e-6, 5e-6, 10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6,
		1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 250e-3, 1,
	}
}
