package authsvc_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

func (w *world) reauthenticate(tokens *grpcauthv1.Tokens, password string) (*grpcauthv1.Tokens, error) {
	resp, err := w.Reauthenticate(w.as(tokens), &grpcauthv1.ReauthenticateRequest{Password: password})
	w.log.mustNotHold(password, resp.GetTokens().GetAccessToken(), resp.GetTokens().GetRefreshToken())
	return resp.GetTokens(), err
}

// ownAndBuiltIn runs a test with users of the caller's own and with the
// store's.
func ownAndBuiltIn(t *testing.T, test func(*testing.T, func(...func(*setup)) *world)) {
	t.Helper()
	t.Run("caller's own users", func(t *testing.T) {
		t.Parallel()
		test(t, func(changes ...func(*setup)) *world { return newWorld(t, changes...) })
	})
	t.Run("built-in users", func(t *testing.T) {
		t.Parallel()
		test(t, func(changes ...func(*setup)) *world {
			w := newWorld(t, append(changes, builtIn)...)
			w.addAda(func(u *store.User) { u.Scopes = []string{"notes.read", "notes.write"} })
			return w
		})
	})
}

// checklist: I3
func Test29Reauthenticate(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		ownAndBuiltIn(t, func(t *testing.T, newWorld func(...func(*setup)) *world) {
			w := newWorld(open.use, func(s *setup) {
				s.config.Audiences = []string{"notes", "bank"}
				s.config.Clients = []authsvc.Client{{ID: "web", AllScopes: true}}
			})
			old := w.must(w.login(&grpcauthv1.LoginRequest{
				Username: "ada", Password: adaPassword, ClientId: "web", Scopes: []string{"notes.read"}, Audiences: []string{"notes"}, Label: "Ada's laptop",
			}))
			loggedIn := w.clock.Now()
			w.clock.advance(10 * time.Minute)
			// A refresh is no proof of who it is.
			refreshed, err := w.Refresh(t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: old.GetRefreshToken(), ClientId: "web"})
			if err != nil || !w.claims(refreshed.GetTokens()).AuthTime().Equal(loggedIn) {
				t.Fatalf("auth_time %v, %v", w.claims(refreshed.GetTokens()).AuthTime(), err)
			}
			tokens := w.must(w.reauthenticate(old, adaPassword))
			claims := w.claims(tokens)
			if !claims.AuthTime().Equal(w.clock.Now()) || claims.SessionID() == old.GetSessionId() || claims.Subject() != adaSubject {
				t.Errorf("auth_time %v, session %s, subject %s", claims.AuthTime(), claims.SessionID(), claims.Subject())
			}
			if !slices.Equal(claims.Scopes(), []string{"notes.read"}) || !slices.Equal(claims.Audience(), []string{"notes"}) {
				t.Errorf("scopes %q, audience %q", claims.Scopes(), claims.Audience())
			}
			next := w.session(tokens)
			if next.ClientID != "web" || next.Label != "Ada's laptop" || !next.Expires.Equal(w.clock.Now().Add(authsvc.DefaultSessionTTL)) ||
				!slices.Equal(next.Scopes, []string{"notes.read"}) || !slices.Equal(next.Audiences, []string{"notes"}) {
				t.Errorf("client %s, label %q, expires %s, scopes %q, audiences %q", next.ClientID, next.Label, next.Expires, next.Scopes, next.Audiences)
			}
			_, err = w.Refresh(t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: refreshed.GetTokens().GetRefreshToken(), ClientId: "web"})
			wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
			_, err = w.Refresh(t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken(), ClientId: "web"})
			wantRefusal(t, err, "OK")
			if e := w.entries("reauthenticated"); len(e) != 1 || e[0].SessionID != tokens.GetSessionId() || e[0].Reason != "replaces session "+old.GetSessionId() {
				t.Errorf("%+v", e)
			}
		})
	})
}

func TestReauthenticateIsRefused(t *testing.T) {
	t.Parallel()
	ownAndBuiltIn(t, func(t *testing.T, newWorld func(...func(*setup)) *world) {
		w := newWorld()
		tokens := w.signIn()
		_, err := w.reauthenticate(tokens, "")
		wantViolations(t, err, "password: must not be empty")
		_, err = w.reauthenticate(tokens, strings.Repeat("p", 1025))
		wantViolations(t, err, "password: must have at most 1024 bytes, has 1025")
		for range 6 {
			_, err = w.reauthenticate(tokens, "wrong password")
			wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
		}
		_, err = w.reauthenticate(tokens, adaPassword) // checklist: P4
		wantRefusal(t, err, "ResourceExhausted THROTTLED")
		w.signIn() // by name it is counted apart
		if e := w.entries("reauthentication_failed"); len(e) != 1 || e[0].Count != 6 || e[0].Subject != adaSubject {
			t.Errorf("%+v", e)
		}
		w.must(w.refresh(tokens.GetRefreshToken()))
		w.clock.advance(time.Second)
		w.must(w.reauthenticate(tokens, adaPassword))
	})
}

// What Authenticate says of the name that Load gave is believed only if it is
// the same user.
func TestReauthenticateAsSomebodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) {
		load := s.config.Load
		s.config.Load = func(ctx context.Context, subject string) (authsvc.Identity, error) {
			id, err := load(ctx, subject)
			if subject == adaSubject {
				id.Username = "bob"
			}
			return id, err
		}
	})
	w.people.addBob()
	tokens := w.signIn()
	_, err := w.reauthenticate(tokens, "bob's own password")
	wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
	w.must(w.refresh(tokens.GetRefreshToken()))
	if e := w.entries("reauthentication_failed"); len(e) != 1 || e[0].Subject != adaSubject {
		t.Errorf("%+v", e)
	}
}

func TestReauthenticateWithoutAUsername(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.signIn()
	w.people.change(func(p *person) { p.Username = "" })
	_, err := w.reauthenticate(tokens, adaPassword)
	wantRefusal(t, err, "Internal INTERNAL")
	if !strings.Contains(w.log.String(), "returned no Username") {
		t.Error("the log does not say what to do")
	}
}

// Of many at once one replaces the session. The others find it ended.
func TestReauthenticateTwiceAtOnce(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		tokens := w.signIn()
		answers := make(chan string, 4)
		var callers sync.WaitGroup
		for range cap(answers) {
			callers.Go(func() {
				_, err := w.reauthenticate(tokens, adaPassword)
				answers <- refusal(err)
			})
		}
		callers.Wait()
		close(answers)
		counts := map[string]int{}
		for answer := range answers {
			counts[answer]++
		}
		if counts["OK"] != 1 || counts["OK"]+counts["Unauthenticated SESSION_REVOKED"]+counts["Unauthenticated TOKEN_REVOKED"] != 4 {
			t.Errorf("%v", counts)
		}
		page, err := w.store.SessionsOf(t.Context(), adaSubject, "", 10)
		if err != nil || len(page) != 1 {
			t.Errorf("%d sessions, %v", len(page), err)
		}
	})
}

// A password that is changed while Reauthenticate checks the old one opens no
// session.
//
// checklist: R6
func TestReauthenticateDuringAPasswordChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.signIn()
	w.people.checked = func() {
		w.people.change(func(p *person) { p.password, p.Version = "another password", "2" })
		if err := w.store.RaiseSubject(context.Background(), adaSubject, "the password was changed"); err != nil {
			panic(err)
		}
	}
	_, err := w.reauthenticate(tokens, adaPassword)
	wantRefusal(t, err, "Aborted CONFLICT")
	_, err = w.refresh(tokens.GetRefreshToken())
	wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
}
