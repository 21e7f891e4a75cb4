package fault

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// Domain is the domain of every google.rpc.ErrorInfo we send.
const Domain = "grpcauth"

// challengeParams are the metadata entries that a challenge repeats, by the
// auth-param they become (RFC 6750 §3, RFC 9470 §3).
var challengeParams = map[string]string{"scopes": "scope", "max_auth_age": "max_age"}

// Fault is an error ready to leave the process. It is immutable.
type Fault struct {
	reason   grpcauthv1.Reason
	cause    error
	metadata map[string]string
	retry    time.Duration
	fields   []*errdetails.BadRequest_FieldViolation
}

// Detail adds what a client may know beyond the reason.
type Detail func(*Fault)

// Metadata adds an entry to the ErrorInfo. It must hold no secret.
func Metadata(key, value string) Detail {
	return func(f *Fault) {
		if f.metadata == nil {
			f.metadata = map[string]string{}
		}
		f.metadata[key] = value
	}
}

// RetryAfter says when to come again (google.rpc.RetryInfo).
func RetryAfter(d time.Duration) Detail {
	return func(f *Fault) { f.retry = d }
}

// Field names a field at fault and what it must be (google.rpc.BadRequest).
func Field(name, description string) Detail {
	return func(f *Fault) {
		f.fields = append(f.fields, &errdetails.BadRequest_FieldViolation{Field: name, Description: description})
	}
}

// Wrap makes the error that leaves for a cause, by the cause's reason. An
// error that is ready to leave already is returned as it is; nil stays nil.
func Wrap(cause error, details ...Detail) error {
	if cause == nil {
		return nil
	}
	var ready *Fault
	if errors.As(cause, &ready) && len(details) == 0 {
		return ready
	}
	return Because(ReasonOf(cause), cause, details...)
}

// Because makes the error that leaves for a reason. The cause may be nil.
func Because(reason grpcauthv1.Reason, cause error, details ...Detail) *Fault {
	f := &Fault{reason: reason, cause: cause}
	for _, d := range details {
		d(f)
	}
	return f
}

// Error is the public message, and nothing else.
func (f *Fault) Error() string { return rowOf(f.reason).message }

// Unwrap is the cause. It is for logs and observers, never for a client.
func (f *Fault) Unwrap() error { return f.cause }

// Reason is why the call is refused.
func (f *Fault) Reason() grpcauthv1.Reason { return f.reason }

// GRPCStatus is what the client is sent.
func (f *Fault) GRPCStatus() *status.Status {
	r := rowOf(f.reason)
	st := status.New(f.code(r), r.message)
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: Name(f.reason), Domain: Domain, Metadata: f.metadata}}
	if f.retry > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(f.retry)})
	}
	if len(f.fields) > 0 {
		details = append(details, &errdetails.BadRequest{FieldViolations: f.fields})
	}
	if full, err := st.WithDetails(details...); err == nil {
		return full
	}
	return st
}

func (f *Fault) code(r row) codes.Code {
	if f.reason == grpcauthv1.Reason_REASON_CALL_ENDED && errors.Is(f.cause, context.DeadlineExceeded) {
		return codes.DeadlineExceeded
	}
	return r.code
}

// Challenge is the value of the www-authenticate header that goes with the
// answer (RFC 6750 §3), or "" where none does. A call that sent no token gets
// no error code.
func (f *Fault) Challenge() string {
	r := rowOf(f.reason)
	switch r.challenge {
	case none:
		return ""
	case bare:
		return "Bearer"
	}
	var b strings.Builder
	b.WriteString(`Bearer error="` + string(r.challenge) + `", error_description="` + r.message + `"`)
	for _, key := range slices.Sorted(maps.Keys(f.metadata)) {
		if name, ok := challengeParams[key]; ok {
			b.WriteString(`, ` + name + `="` + quotable(f.metadata[key]) + `"`)
		}
	}
	return b.String()
}

// quotable keeps what may stand in a quoted-string of a header (RFC 6750 §3
// allows less than RFC 9110 does).
func quotable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, s)
}

// Name is the reason as ErrorInfo spells it: without its prefix.
func Name(reason grpcauthv1.Reason) string {
	return strings.TrimPrefix(reason.String(), "REASON_")
}

// FromStatus is the reason a server gave, or UNSPECIFIED when the error is
// not one of ours.
func FromStatus(err error) grpcauthv1.Reason {
	for _, d := range status.Convert(err).Details() {
		info, ok := d.(*errdetails.ErrorInfo)
		if ok && info.GetDomain() == Domain {
			return grpcauthv1.Reason(grpcauthv1.Reason_value["REASON_"+info.GetReason()])
		}
	}
	return grpcauthv1.Reason_REASON_UNSPECIFIED
}
