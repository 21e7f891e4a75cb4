package interceptor

import (
	"google.golang.org/grpc/status"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// Denial is the error of a call that the Guard refused. What reaches the
// client is the reason, its code and its public message; the cause is for
// errors.Is, errors.As and observers on this side.
type Denial struct {
	// Reason is why the call was refused.
	Reason grpcauthv1.Reason
	// Method is the full method, "/package.Service/Method".
	Method string

	fault *fault.Fault
}

func deny(method string, cause error, details ...fault.Detail) *Denial {
	reason := fault.ReasonOf(cause)
	return &Denial{Reason: reason, Method: method, fault: fault.Because(reason, cause, details...)}
}

// Error is the public message.
func (d *Denial) Error() string { return d.fault.Error() }

// Unwrap is the cause, such as token.ErrExpired.
func (d *Denial) Unwrap() error { return d.fault.Unwrap() }

// GRPCStatus is what the client is sent: the code, the public message, and a
// google.rpc.ErrorInfo with the reason.
func (d *Denial) GRPCStatus() *status.Status { return d.fault.GRPCStatus() }
