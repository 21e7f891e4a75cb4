package authsvc_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

const newPassword = "analytical engine"

func (w *world) changePassword(tokens *grpcauthv1.Tokens, from, to string) (*grpcauthv1.Tokens, error) {
	resp, err := w.ChangePassword(w.as(tokens), &grpcauthv1.ChangePasswordRequest{OldPassword: from, NewPassword: to})
	w.log.mustNotHold(from, to, resp.GetTokens().GetAccessToken(), resp.GetTokens().GetRefreshToken())
	return resp.GetTokens(), err
}

// checklist: R6
func TestChangePassword(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, builtIn)
		w.addAda(nil)
		elsewhere := w.signIn()
		here := w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, Label: "Ada's laptop"}))
		tokens := w.must(w.changePassword(here, adaPassword, newPassword))
		for _, ended := range []*grpcauthv1.Tokens{elsewhere, here} {
			_, err := w.refresh(ended.GetRefreshToken())
			wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
			if s := w.session(ended); s.Reason != store.ReasonPassword {
				t.Errorf("reason %q", s.Reason)
			}
		}
		if s := w.session(tokens); s.Label != "Ada's laptop" || s.ClientID != "default" || s.Subject != adaSubject {
			t.Errorf("label %q, client %q, subject %q", s.Label, s.ClientID, s.Subject)
		}
		w.must(w.refresh(tokens.GetRefreshToken()))
		_, err := w.GetUserInfo(w.as(tokens), &grpcauthv1.GetUserInfoRequest{}) // its counters are those after the change
		wantRefusal(t, err, "OK")
		_, err = w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
		wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
		w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: newPassword}))
		if e := w.entries("password_changed"); len(e) != 1 || e[0].Subject != adaSubject || e[0].SessionID != here.GetSessionId() {
			t.Errorf("%+v", e)
		}
	})
}

func TestChangePasswordIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, builtIn)
	w.addAda(nil)
	tokens := w.signIn()
	for name, tc := range map[string]struct {
		from, to string
		want     []string
	}{
		"nothing":      {"", "", []string{"old_password: must not be empty", "new_password: use at least 8 characters"}},
		"too short":    {adaPassword, "1234567", []string{"new_password: use at least 8 characters"}},
		"too long":     {adaPassword, strings.Repeat("p", 1025), []string{"new_password: use at most 1024 bytes"}},
		"too common":   {adaPassword, "Password1", []string{"new_password: is one of the most used passwords, choose another"}},
		"with a NUL":   {adaPassword, "with a \x00 in it", []string{"new_password: must be valid UTF-8 without NUL"}},
		"an old novel": {strings.Repeat("p", 1025), newPassword, []string{"old_password: must have at most 1024 bytes, has 1025"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.changePassword(tokens, tc.from, tc.to)
			wantViolations(t, err, tc.want...)
		})
	}
	for range 6 {
		_, err := w.changePassword(tokens, "wrong password", newPassword)
		wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
	}
	_, err := w.changePassword(tokens, adaPassword, newPassword) // checklist: P4
	wantRefusal(t, err, "ResourceExhausted THROTTLED")
	if e := w.entries("password_change_failed"); len(e) != 1 || e[0].Count != 6 || e[0].Subject != adaSubject {
		t.Errorf("%+v", e)
	}
	w.must(w.refresh(tokens.GetRefreshToken()))
	w.signIn()
}

func TestChangePasswordOfACallersOwnUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.changePassword(w.signIn(), adaPassword, newPassword)
	wantRefusal(t, err, "Unimplemented NOT_SUPPORTED")
}

// A login that read the old hash does not finish, wherever the change falls,
// and no session that it could have opened stands.
//
// checklist: R6
func TestLoginsDuringChangePassword(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, builtIn)
		w.addAda(nil)
		tokens := w.signIn()
		var mu sync.Mutex
		var opened []*grpcauthv1.Tokens
		var logins sync.WaitGroup
		for range 4 {
			logins.Go(func() {
				for range 3 {
					got, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
					switch got := refusal(err); got {
					case "OK", "Unauthenticated INVALID_CREDENTIALS", "Aborted CONFLICT", "ResourceExhausted THROTTLED":
					default:
						t.Error(got)
					}
					if err == nil {
						mu.Lock()
						opened = append(opened, got)
						mu.Unlock()
					}
				}
			})
		}
		next := w.must(w.changePassword(tokens, adaPassword, newPassword))
		logins.Wait()
		for _, old := range opened {
			_, err := w.refresh(old.GetRefreshToken())
			wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
		}
		w.must(w.refresh(next.GetRefreshToken()))
	})
}

// An operator who sets a new password while its owner, or a thief, changes the
// old one has the last word.
//
// checklist: R6
func TestAPasswordIsSetDuringChangePassword(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		byOperator := hashed(t, "set by the operator")
		w := newWorld(t, open.use, builtIn, func(s *setup) {
			s.wrap = func(inner store.Store) store.Store {
				return &beforeChange{Store: inner, happens: func() {
					if err := inner.SetPassword(context.Background(), adaSubject, byOperator); err != nil {
						panic(err)
					}
				}}
			}
		})
		w.addAda(nil)
		_, err := w.changePassword(w.signIn(), adaPassword, newPassword)
		wantRefusal(t, err, "Aborted CONFLICT")
		w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: "set by the operator"}))
	})
}

// beforeChange is a store in which something happens right before a password is
// changed.
type beforeChange struct {
	store.Store
	happens func()
}

func (s *beforeChange) ChangePassword(ctx context.Context, subject, old, hash string, log ...store.Entry) error {
	s.happens()
	return s.Store.ChangePassword(ctx, subject, old, hash, log...)
}

// A user who is disabled while the password is changed is not let back in.
func TestDisabledDuringChangePassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, builtIn, func(s *setup) {
		s.wrap = func(inner store.Store) store.Store {
			return &afterChange{Store: inner, happens: func() {
				if err := inner.SetDisabled(context.Background(), adaSubject, true); err != nil {
					panic(err)
				}
			}}
		}
	})
	w.addAda(nil)
	_, err := w.changePassword(w.signIn(), adaPassword, newPassword)
	wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
	if page, err := w.store.SessionsOf(t.Context(), adaSubject, "", 10); err != nil || len(page) != 0 {
		t.Errorf("%d sessions, %v", len(page), err)
	}
}

type afterChange struct {
	store.Store
	happens func()
}

func (s *afterChange) ChangePassword(ctx context.Context, subject, old, hash string, log ...store.Entry) error {
	defer s.happens()
	return s.Store.ChangePassword(ctx, subject, old, hash, log...)
}
