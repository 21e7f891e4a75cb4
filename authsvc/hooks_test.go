package authsvc_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

func Test42ClaimsOfTheHookAndOfTheUser(t *testing.T) {
	t.Parallel()
	ownAndBuiltIn(t, func(t *testing.T, newWorld func(...func(*setup)) *world) {
		tenant, tier := "acme", "lead"
		w := newWorld(func(s *setup) {
			s.config.Claims = func(_ context.Context, id authsvc.Identity, clientID string) (map[string]any, error) {
				if own, ok := id.Claims["tier"].(string); ok {
					tier = own
				}
				return map[string]any{"tenant": tenant, "tier": "lead", "for": id.Subject + " by " + clientID}, nil
			}
		})
		tokens := w.signIn()
		tenant = "emca"
		for i, got := range []*grpcauthv1.Tokens{tokens, w.must(w.refresh(tokens.GetRefreshToken())), w.must(w.reauthenticate(tokens, adaPassword))} {
			var claims struct {
				Tenant string `json:"tenant"`
				Tier   string `json:"tier"`
				For    string `json:"for"`
			}
			if err := w.claims(got).Decode(&claims); err != nil {
				t.Fatal(err)
			}
			want := map[bool]string{true: "acme", false: "emca"}[i == 0]
			// The caller's own ada has a tier, and the built-in one has none.
			if claims.Tenant != want || claims.Tier != tier || claims.For != adaSubject+" by default" {
				t.Errorf("%d: %+v", i, claims)
			}
		}
	})
}

func TestClaimsOfTheHookThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		claims map[string]any
		err    error
		want   string
	}{
		"44 reserved": {map[string]any{"sub": "somebody-else"}, nil, "Internal INTERNAL"},
		"44 scope":    {map[string]any{"scope": "grpcauth.admin"}, nil, "Internal INTERNAL"},
		"43 not JSON": {map[string]any{"f": func() {}}, nil, "Internal INTERNAL"},
		"an outage":   {nil, errors.New("the tenants' database is down"), "Unavailable USER_UNAVAILABLE"},
		"nothing":     {nil, nil, "OK"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := func() (map[string]any, error) { return nil, nil }
			w := newWorld(t, func(s *setup) {
				s.config.Claims = func(context.Context, authsvc.Identity, string) (map[string]any, error) { return now() }
			})
			tokens := w.signIn()
			now = func() (map[string]any, error) { return tc.claims, tc.err }
			_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
			wantRefusal(t, err, tc.want)
			_, err = w.refresh(tokens.GetRefreshToken())
			wantRefusal(t, err, tc.want)
			if tc.want != "OK" && w.session(tokens).Gen != 1 {
				t.Error("the refresh token was used up")
			}
		})
	}
}

// told is what Config.Audit was told.
type told struct {
	mu  sync.Mutex
	all []store.Entry
}

func (h *told) audit(_ context.Context, e store.Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, e)
}

func (h *told) kinds() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var kinds []string
	for _, e := range h.all {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// What the hook is told is what the record holds.
func TestAuditHook(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		heard := &told{}
		w := newWorld(t, open.use, builtIn, func(s *setup) { s.config.Audit = heard.audit })
		w.addAda(nil)
		tokens := w.signIn()
		_, _ = w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: "wrong password"})
		tokens = w.must(w.reauthenticate(tokens, adaPassword))
		tokens = w.must(w.changePassword(tokens, adaPassword, newPassword))
		next := w.must(w.refresh(tokens.GetRefreshToken()))
		w.must(w.refresh(tokens.GetRefreshToken()))
		other := w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: newPassword}))
		if _, err := w.RevokeSession(w.as(next), &grpcauthv1.RevokeSessionRequest{SessionId: other.GetSessionId()}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.RevokeAllSessions(w.as(next), &grpcauthv1.RevokeAllSessionsRequest{}); err != nil {
			t.Fatal(err)
		}
		want := []string{"login", "login_failed", "reauthenticated", "password_changed", "login", "refresh_replayed", "login", "session_revoked", "sessions_revoked"}
		if !slices.Equal(heard.kinds(), want) {
			t.Errorf("heard %q", heard.kinds())
		}
		kept, err := w.store.Entries(t.Context(), 0, 100)
		if err != nil || len(kept) != len(heard.all) {
			t.Fatalf("%d entries, %v", len(kept), err)
		}
		for i, e := range kept {
			e.Seq = 0
			if heard.all[i] != e {
				t.Errorf("heard %+v, the record has %+v", heard.all[i], e)
			}
		}
	})
}

// What was not done is not told.
func TestAuditHookIsNotToldOfWhatFailed(t *testing.T) {
	t.Parallel()
	heard := &told{}
	w := newWorld(t, func(s *setup) {
		s.config.Audit = heard.audit
		s.wrap = func(inner store.Store) store.Store { return everChanging{inner} }
	})
	_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
	wantRefusal(t, err, "Aborted CONFLICT")
	if len(heard.kinds()) != 0 {
		t.Errorf("heard %q", heard.kinds())
	}
}

// everChanging is a store in which every account has just changed.
type everChanging struct{ store.Store }

func (everChanging) CreateSession(context.Context, store.Session, int64, ...store.Entry) error {
	return store.ErrStale
}
