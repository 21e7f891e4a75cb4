package authsvc

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

func TestErrorsOfTheCallersFunctions(t *testing.T) {
	t.Parallel()
	ended, end := context.WithCancel(t.Context())
	end()
	outage := grpcauthv1.Reason_REASON_USER_UNAVAILABLE
	for name, tc := range map[string]struct {
		ctx         context.Context
		err         error
		login, load grpcauthv1.Reason
	}{
		"an outage":                          {t.Context(), errors.New("down"), outage, outage},
		"its own deadline, ours stands":      {t.Context(), context.DeadlineExceeded, outage, outage},
		"the client has ended the call":      {ended, context.Canceled, grpcauthv1.Reason_REASON_CALL_ENDED, grpcauthv1.Reason_REASON_CALL_ENDED},
		"ended, told as something else":      {ended, errors.New("interrupted"), grpcauthv1.Reason_REASON_CALL_ENDED, grpcauthv1.Reason_REASON_CALL_ENDED},
		"wrong credentials":                  {t.Context(), ErrInvalidCredentials, grpcauthv1.Reason_REASON_INVALID_CREDENTIALS, outage},
		"both refusals":                      {t.Context(), errors.Join(ErrGone, ErrInvalidCredentials), grpcauthv1.Reason_REASON_INVALID_CREDENTIALS, grpcauthv1.Reason_REASON_USER_NOT_FOUND},
		"gone":                               {t.Context(), ErrGone, outage, grpcauthv1.Reason_REASON_USER_NOT_FOUND},
		"a refusal in a call that has ended": {ended, ErrInvalidCredentials, grpcauthv1.Reason_REASON_INVALID_CREDENTIALS, grpcauthv1.Reason_REASON_CALL_ENDED},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &theirs{cfg: Config{
				Authenticate: func(context.Context, Credentials) (Identity, error) { return Identity{}, tc.err },
				Load:         func(context.Context, string) (Identity, error) { return Identity{}, tc.err },
				Logger:       slog.New(slog.DiscardHandler),
			}}
			_, err := d.authenticate(tc.ctx, Credentials{})
			if got := fault.ReasonOf(err); got != tc.login {
				t.Errorf("Authenticate: %s, want %s", got, tc.login)
			}
			_, err = d.load(tc.ctx, "u1")
			if got := fault.ReasonOf(err); got != tc.load {
				t.Errorf("Load: %s, want %s", got, tc.load)
			}
		})
	}
}
