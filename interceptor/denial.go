package interceptor

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
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

func deny(method string, reason grpcauthv1.Reason, cause error, details ...fault.Detail) *Denial {
	return &Denial{Reason: reason, Method: method, fault: fault.Because(reason, cause, details...)}
}

// leaving is the denial ready to leave the process. One that a test made has a
// reason and nothing more.
func (d *Denial) leaving() *fault.Fault {
	if d.fault == nil {
		return fault.Because(d.Reason, nil)
	}
	return d.fault
}

// Error is the public message.
func (d *Denial) Error() string { return d.leaving().Error() }

// Unwrap is the cause, such as token.ErrExpired.
func (d *Denial) Unwrap() error { return d.leaving().Unwrap() }

// GRPCStatus is what the client is sent: the code, the public message, and a
// google.rpc.ErrorInfo with the reason.
func (d *Denial) GRPCStatus() *status.Status { return d.leaving().GRPCStatus() }

// WithErrorMapper has refused calls fail with what mapError returns in place
// of the [*Denial]: an error of google.golang.org/grpc/status. Its text goes to
// the client, as that of any other error does, with the code UNKNOWN. It can't
// let a call in: nil, and a status that is OK, leave the Denial as it is.
// Observers are told the Denial's reason, and the www-authenticate header goes
// out all the same.
//
// It must be quick and safe for concurrent use. The end of a stream is mapped
// on a goroutine of its own, where no interceptor recovers a panic. Clients of
// package authclient read the reason from the Denial's own status: keep its
// details where they are to renew tokens by themselves.
func WithErrorMapper(mapError func(ctx context.Context, denial *Denial) error) Option {
	return optionFunc(func(g *Guard) error {
		switch {
		case mapError == nil:
			return errors.New("interceptor: WithErrorMapper: the function is nil")
		case g.mapError != nil:
			return errors.New("interceptor: WithErrorMapper is given twice: join the two functions into one")
		}
		g.mapError = mapError
		return nil
	})
}

// outcome is the error that a refused call fails with.
func (g *Guard) outcome(ctx context.Context, d *Denial) error {
	if g.mapError == nil {
		return d
	}
	if err := g.mapError(ctx, d); status.Code(err) != codes.OK {
		return err
	}
	return d
}
