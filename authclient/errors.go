package authclient

import (
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// Errors of a session, found by errors.Is in what its methods return and in
// what calls made with its credential return.
var (
	// ErrSessionEnded means that the session is over for good: it was revoked,
	// it expired, its refresh token was used by somebody else, or it was
	// logged out. [Reason] tells which. Only a new [Login] helps.
	ErrSessionEnded = fault.New(grpcauthv1.Reason_REASON_SESSION_REVOKED, "authclient: the session has ended, log in again")

	// ErrNoSession means that a store holds no session to [Resume]: log in.
	ErrNoSession = fault.New(grpcauthv1.Reason_REASON_SESSION_NOT_FOUND, "authclient: the store holds no session, log in")

	// ErrPlaintext means that nothing was sent, because others could have read
	// it on the way.
	ErrPlaintext = fault.New(grpcauthv1.Reason_REASON_PLAINTEXT,
		"authclient: the connection is neither encrypted nor local: dial with TLS credentials, or pass authclient.InsecureAllowPlaintext")

	// ErrClosed means that the session was used after Close.
	ErrClosed = fault.New(grpcauthv1.Reason_REASON_CALL_ENDED, "authclient: the session is closed")

	errReplaced  = fault.New(grpcauthv1.Reason_REASON_SESSION_REVOKED, "another login has taken its place in the store")
	errLoggedOut = fault.New(grpcauthv1.Reason_REASON_SESSION_REVOKED, "logged out")
	errCleared   = fault.New(grpcauthv1.Reason_REASON_SESSION_REVOKED, "the store holds no session any more")
	errRenewal   = fault.New(grpcauthv1.Reason_REASON_INTERNAL, "authclient: the token can't be renewed")
)

// Reason is why the server refused a call: the reason in the
// google.rpc.ErrorInfo of domain "grpcauth" that the status carries. It is
// UNSPECIFIED for nil and for errors that grpcauth did not make.
func Reason(err error) grpcauthv1.Reason { return fault.FromStatus(err) }

// failure is an error of this side of the wire. It has a status of its own
// because grpc passes an error of a credential on unharmed only then.
type failure struct {
	kind, cause error
	status      *status.Status
}

// fail makes the failure of a kind. Its details are those of the cause, where
// a server sent some, else the kind's reason.
func fail(code codes.Code, kind *fault.Sentinel, cause error) *failure {
	text := kind.Error()
	details := fault.Because(kind.Reason(), nil).GRPCStatus().Proto().GetDetails()
	if cause != nil {
		st := status.Convert(cause)
		text += ": " + st.Message()
		if sent := st.Proto().GetDetails(); len(sent) > 0 {
			details = sent
		}
	}
	st := status.New(code, text).Proto()
	st.Details = details
	return &failure{kind: kind, cause: cause, status: status.FromProto(st)}
}

func (f *failure) Error() string              { return f.status.Message() }
func (f *failure) GRPCStatus() *status.Status { return f.status }

func (f *failure) Unwrap() []error {
	if f.cause == nil {
		return []error{f.kind}
	}
	return []error{f.kind, f.cause}
}

// renewalCode is the code that calls fail with while renewals fail so. Codes
// that speak of the renewal's own request or deadline would be mistaken for
// the call's; grpc does not let a credential use most of them either.
func renewalCode(err error) codes.Code {
	switch code := status.Code(err); code {
	case codes.Unauthenticated, codes.PermissionDenied, codes.ResourceExhausted,
		codes.Unimplemented, codes.Internal, codes.Unknown:
		return code
	default:
		return codes.Unavailable
	}
}

// retryDelay is when a server wants to be asked again (google.rpc.RetryInfo);
// zero when it did not say.
func retryDelay(err error) time.Duration {
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration()
		}
	}
	return 0
}
