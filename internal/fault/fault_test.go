package fault_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// allowedCodes are the only codes a reason may be answered with.
var allowedCodes = map[codes.Code]bool{
	codes.Unauthenticated: true, codes.PermissionDenied: true, codes.Unavailable: true,
	codes.ResourceExhausted: true, codes.InvalidArgument: true, codes.NotFound: true,
	codes.Aborted: true, codes.Internal: true, codes.Canceled: true, codes.Unimplemented: true,
}

func TestTableHasEveryReasonOnce(t *testing.T) {
	messages := map[string]string{}
	for number, name := range grpcauthv1.Reason_name {
		reason := grpcauthv1.Reason(number)
		if reason == grpcauthv1.Reason_REASON_UNSPECIFIED {
			continue
		}
		f := fault.Because(reason, nil)
		st := f.GRPCStatus()
		if !allowedCodes[st.Code()] {
			t.Errorf("%s is answered with %s", name, st.Code())
		}
		if st.Code() == codes.Internal && !strings.HasPrefix(name, "REASON_NOT_") && reason != grpcauthv1.Reason_REASON_INTERNAL {
			t.Errorf("%s has no row of its own", name)
		}
		if other, taken := messages[f.Error()]; taken {
			t.Errorf("%s and %s share the message %q", name, other, f.Error())
		}
		messages[f.Error()] = name
		if got := fault.FromStatus(st.Err()); got != reason {
			t.Errorf("%s comes back from the wire as %s", name, got)
		}
	}
}

func TestWrapTellsTheClientNothingOfTheCause(t *testing.T) {
	sentinel := fault.New(grpcauthv1.Reason_REASON_TOKEN_EXPIRED, "token: expired")
	cause := fmt.Errorf("%w: for secret-value", sentinel)
	err := fault.Wrap(cause)

	if !errors.Is(err, sentinel) {
		t.Error("the cause is lost to errors.Is")
	}
	for _, text := range []string{err.Error(), status.Convert(err).Message(), status.Convert(err).Proto().String()} {
		if strings.Contains(text, "secret-value") {
			t.Errorf("the cause leaks: %s", text)
		}
	}
	if code := status.Code(err); code != codes.Unauthenticated {
		t.Errorf("code = %s", code)
	}
	if fault.Wrap(err) != err {
		t.Error("an error that is ready to leave was wrapped again")
	}
	if fault.Wrap(nil) != nil {
		t.Error("nil became an error")
	}
}

func TestReasonOfWhatSaysNothing(t *testing.T) {
	if got := fault.ReasonOf(errors.New("boom")); got != grpcauthv1.Reason_REASON_INTERNAL {
		t.Errorf("unknown error: %s", got)
	}
	if got := fault.ReasonOf(fault.New(grpcauthv1.Reason_REASON_UNSPECIFIED, "boom")); got != grpcauthv1.Reason_REASON_INTERNAL {
		t.Errorf("an error that leaves its reason open: %s, which would mean that nothing was refused", got)
	}
	err := fault.Wrap(fmt.Errorf("query: %w", context.DeadlineExceeded))
	if code := status.Code(err); code != codes.DeadlineExceeded {
		t.Errorf("the caller's deadline is answered with %s", code)
	}
	if code := status.Code(fault.Wrap(context.Canceled)); code != codes.Canceled {
		t.Errorf("the caller's cancellation is answered with %s", code)
	}
	if got := fault.FromStatus(status.Error(codes.Unauthenticated, "somebody else's")); got != grpcauthv1.Reason_REASON_UNSPECIFIED {
		t.Errorf("a foreign status has reason %s", got)
	}
}

func TestDetailsTravel(t *testing.T) {
	err := fault.Because(grpcauthv1.Reason_REASON_INVALID_REQUEST, nil,
		fault.Field("username", "must not be empty"), fault.RetryAfter(2*time.Second), fault.Metadata("k", "v"))
	var info *errdetails.ErrorInfo
	var bad *errdetails.BadRequest
	var retry *errdetails.RetryInfo
	for _, d := range err.GRPCStatus().Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			info = d
		case *errdetails.BadRequest:
			bad = d
		case *errdetails.RetryInfo:
			retry = d
		}
	}
	if info.GetMetadata()["k"] != "v" || info.GetReason() != "INVALID_REQUEST" || info.GetDomain() != "grpcauth" {
		t.Errorf("ErrorInfo = %v", info)
	}
	if len(bad.GetFieldViolations()) != 1 || bad.GetFieldViolations()[0].GetField() != "username" {
		t.Errorf("BadRequest = %v", bad)
	}
	if retry.GetRetryDelay().AsDuration() != 2*time.Second {
		t.Errorf("RetryInfo = %v", retry)
	}
}

// checklist: B1
func TestChallenge(t *testing.T) {
	for name, tc := range map[string]struct {
		fault *fault.Fault
		want  string
	}{
		"no token sent: no error code": {
			fault.Because(grpcauthv1.Reason_REASON_TOKEN_MISSING, nil), `Bearer`,
		},
		"bad token": {
			fault.Because(grpcauthv1.Reason_REASON_TOKEN_EXPIRED, nil),
			`Bearer error="invalid_token", error_description="the token has expired"`,
		},
		"scope missing names the scopes": {
			fault.Because(grpcauthv1.Reason_REASON_SCOPE_MISSING, nil, fault.Metadata("scopes", `a "b`+"\n")),
			`Bearer error="insufficient_scope", error_description="the token lacks a scope", scope="a b"`,
		},
		"step up names the age": {
			fault.Because(grpcauthv1.Reason_REASON_REAUTHENTICATION_REQUIRED, nil, fault.Metadata("max_auth_age", "300")),
			`Bearer error="insufficient_user_authentication", error_description="a more recent login is needed", max_age="300"`,
		},
		"our outage is no challenge": {
			fault.Because(grpcauthv1.Reason_REASON_KEYS_UNAVAILABLE, nil), ``,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.fault.Challenge(); got != tc.want {
				t.Errorf("challenge = %s\nwant        %s", got, tc.want)
			}
		})
	}
}
