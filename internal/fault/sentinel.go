package fault

import (
	"context"
	"errors"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// Sentinel is an error that knows why a call is refused. Compare it by
// identity with errors.Is.
type Sentinel struct {
	reason grpcauthv1.Reason
	text   string
}

// New makes a sentinel. The text is for logs and never leaves the process.
func New(reason grpcauthv1.Reason, text string) *Sentinel {
	return &Sentinel{reason: reason, text: text}
}

// Error is the text for logs.
func (s *Sentinel) Error() string { return s.text }

// Reason is why a call that fails with this error is refused.
func (s *Sentinel) Reason() grpcauthv1.Reason { return s.reason }

// ReasonOf is the reason of the first error in err's tree that has one. An
// ended context is CALL_ENDED unless something above it says otherwise; what
// says nothing is INTERNAL, and nil is UNSPECIFIED.
func ReasonOf(err error) grpcauthv1.Reason {
	if err == nil {
		return grpcauthv1.Reason_REASON_UNSPECIFIED
	}
	var r interface{ Reason() grpcauthv1.Reason }
	if errors.As(err, &r) && r.Reason() != grpcauthv1.Reason_REASON_UNSPECIFIED {
		return r.Reason()
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return grpcauthv1.Reason_REASON_CALL_ENDED
	}
	return grpcauthv1.Reason_REASON_INTERNAL
}
