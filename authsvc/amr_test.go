package authsvc_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

func (w *world) wantAMR(tokens *grpcauthv1.Tokens, want ...string) {
	w.t.Helper()
	if got := w.claims(tokens).AMR(); !slices.Equal(got, want) {
		w.t.Errorf("amr %q, want %q", got, want)
	}
}

// How a user has proven who they are stays what it was at login, whatever Load
// says, until they prove it anew.
//
// checklist: I3
func TestAMRStaysOverRefreshes(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		methods := []string{"pwd", "otp", "pwd"}
		w := newWorld(t, open.use, func(s *setup) {
			check := s.config.Authenticate
			s.config.Authenticate = func(ctx context.Context, c authsvc.Credentials) (authsvc.Identity, error) {
				id, err := check(ctx, c)
				id.AMR = methods
				return id, err
			}
		})
		w.people.change(func(p *person) { p.AMR = []string{"of", "Load"} })
		tokens := w.signIn()
		w.wantAMR(tokens, "pwd", "otp")
		methods = []string{"hwk"}
		for range 2 {
			tokens = w.must(w.refresh(tokens.GetRefreshToken()))
			w.wantAMR(tokens, "pwd", "otp")
		}
		tokens = w.must(w.reauthenticate(tokens, adaPassword))
		w.wantAMR(tokens, "hwk")
		w.wantAMR(w.must(w.refresh(tokens.GetRefreshToken())), "hwk")
		methods = nil
		w.wantAMR(w.signIn())
	})
}

// checklist: I3
func TestBuiltInUsersProveThemselvesByAPassword(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, builtIn)
		w.addAda(nil)
		tokens := w.signIn()
		w.wantAMR(tokens, "pwd")
		tokens = w.must(w.refresh(tokens.GetRefreshToken()))
		w.wantAMR(tokens, "pwd")
		tokens = w.must(w.reauthenticate(tokens, adaPassword))
		w.wantAMR(tokens, "pwd")
		tokens = w.must(w.changePassword(tokens, adaPassword, newPassword))
		w.wantAMR(tokens, "pwd")
		w.wantAMR(w.must(w.refresh(tokens.GetRefreshToken())), "pwd")
	})
}

// Of a login with a challenge, what comes with the answer counts.
//
// checklist: I3
func TestAMROfASecondFactor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoFactors, func(s *setup) {
		check := s.config.Authenticate
		s.config.Authenticate = func(ctx context.Context, c authsvc.Credentials) (authsvc.Identity, error) {
			id, err := check(ctx, c)
			id.AMR = []string{"pwd"}
			if c.Challenge != nil {
				id.AMR = []string{"pwd", "otp"}
			}
			return id, err
		}
	})
	w.wantAMR(w.must(w.answer(w.challenged(), rightCode, nil)), "pwd", "otp")
}

func TestAMRThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, amr := range map[string][]string{"an empty one": {"pwd", ""}, "no UTF-8": {"\xff"}} {
		w := newWorld(t, func(s *setup) {
			check := s.config.Authenticate
			s.config.Authenticate = func(ctx context.Context, c authsvc.Credentials) (authsvc.Identity, error) {
				id, err := check(ctx, c)
				id.AMR = amr
				return id, err
			}
		})
		_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
		if got := refusal(err); got != "Internal INTERNAL" {
			t.Errorf("%s: %s", name, got)
		}
		if !strings.Contains(w.log.String(), "no access token can be made") {
			t.Errorf("%s: the log does not tell", name)
		}
		if left, err := w.store.SessionsOf(t.Context(), adaSubject, "", 10); err != nil || len(left) != 0 {
			t.Errorf("%s: %d sessions, %v", name, len(left), err)
		}
	}
}
