package interceptor

import (
	"context"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// Decision is what the Guard decided about one call, for logs and metrics.
type Decision struct {
	// Method is the full method, "/package.Service/Method". It is what the
	// client sent: only a registered method is safe as a metric's label.
	Method string
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
}

// Denied reports whether the call was refused.
func (d Decision) Denied() bool { return d.Reason != grpcauthv1.Reason_REASON_UNSPECIFIED }

func (g *Guard) observe(ctx context.Context, method string, v verdict, streamEnd bool) {
	if g.observer == nil {
		return
	}
	d := Decision{Method: method, Claims: v.claims, Cached: v.cached, StreamEnd: streamEnd}
	if v.denial != nil {
		d.Reason, d.Cause = v.denial.Reason, v.denial.Unwrap()
	}
	g.observer(ctx, d)
}
