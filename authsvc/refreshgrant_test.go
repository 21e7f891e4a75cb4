package authsvc_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// checklist: R4 I5
func TestRefreshNarrowsOneAccessToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, Scopes: []string{"notes.read", "notes.write"}}))
	_, err := w.refresh(tokens.GetRefreshToken(), "notes.read", "notes.admin")
	wantRefusal(t, err, "PermissionDenied SCOPE_NOT_GRANTED")

	narrow := w.must(w.refresh(tokens.GetRefreshToken(), "notes.read"))
	if !slices.Equal(narrow.GetScopes(), []string{"notes.read"}) || !slices.Equal(w.claims(narrow).Scopes(), []string{"notes.read"}) {
		t.Errorf("narrowed to %q", narrow.GetScopes())
	}
	wide := w.must(w.refresh(narrow.GetRefreshToken()))
	if !slices.Equal(wide.GetScopes(), []string{"notes.read", "notes.write"}) {
		t.Errorf("afterwards %q", wide.GetScopes())
	}
}

// checklist: R4 R6
func TestRefreshAsksWhoTheUserIsNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, Scopes: []string{"notes.read"}}))
	w.people.change(func(p *person) {
		p.Scopes, p.Roles, p.Claims = []string{"notes.read", "notes.write"}, []string{"editor"}, map[string]any{"tier": "tin"}
	})
	tokens = w.must(w.refresh(tokens.GetRefreshToken()))
	claims := w.claims(tokens)
	if !slices.Equal(claims.Scopes(), []string{"notes.read"}) {
		t.Errorf("scopes widened to %q", claims.Scopes())
	}
	if tier, _ := claims.Claim("tier").Text(); tier != "tin" || !slices.Equal(claims.Roles(), []string{"editor"}) {
		t.Errorf("tier %q, roles %q", tier, claims.Roles())
	}
	w.people.change(func(p *person) { p.Scopes, p.Roles = nil, nil })
	tokens = w.must(w.refresh(tokens.GetRefreshToken()))
	if claims := w.claims(tokens); len(claims.Scopes()) != 0 || len(claims.Roles()) != 0 {
		t.Errorf("scopes %q, roles %q", claims.Scopes(), claims.Roles())
	}
}

// checklist: R6
func TestRefreshOfAUserWhoIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.signIn()
	w.people.remove("ada")
	for range 2 {
		_, err := w.refresh(tokens.GetRefreshToken())
		wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
	}
	if session := w.session(tokens); session.RevokedAt.IsZero() {
		t.Error("the session stands")
	}
}

// checklist: R6
func TestRefreshAfterADisable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.signIn()
	if err := w.store.RaiseSubject(t.Context(), adaSubject, "disabled"); err != nil {
		t.Fatal(err)
	}
	_, err := w.refresh(tokens.GetRefreshToken())
	wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
}

func TestAnOutageOfTheUsersRotatesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.signIn()
	was := w.session(tokens)
	w.people.fail(errors.New("down"))
	for range 10 {
		_, err := w.refresh(tokens.GetRefreshToken())
		wantRefusal(t, err, "Unavailable USER_UNAVAILABLE")
	}
	if is := w.session(tokens); is.Gen != was.Gen || !bytes.Equal(is.CurHash, was.CurHash) {
		t.Error("the session was rotated")
	}
	w.people.fail(nil)
	w.must(w.refresh(tokens.GetRefreshToken()))
}

// checklist: R4
func TestRefreshTokenOfAnotherClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) {
		s.config.Clients = []authsvc.Client{{ID: "web", AllScopes: true}, {ID: "phone", AllScopes: true}}
	})
	tokens := w.must(w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, ClientId: "web"}))
	for client, want := range map[string]string{
		"phone": "Unauthenticated REFRESH_INVALID", "": "Unauthenticated INVALID_CLIENT", "other": "Unauthenticated INVALID_CLIENT",
	} {
		_, err := w.Refresh(t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken(), ClientId: client})
		wantRefusal(t, err, want)
	}
	_, err := w.Refresh(t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken(), ClientId: "web"})
	wantRefusal(t, err, "OK")
}

// checklist: R6
func TestRefreshAfterAPasswordChange(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, builtIn)
		w.addAda(nil)
		tokens := w.must(w.refresh(w.signIn().GetRefreshToken()))
		if err := w.store.SetPassword(t.Context(), adaSubject, hashed(t, "another password")); err != nil {
			t.Fatal(err)
		}
		_, err := w.refresh(tokens.GetRefreshToken())
		wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
	})
}

// The server was restarted with other clients.
//
// checklist: I5 R4
func TestRefreshByAClientThatMayLessNow(t *testing.T) {
	t.Parallel()
	web := authsvc.Client{ID: "web", AllScopes: true, Audiences: []string{"notes", "bank"}}
	configure := func(c authsvc.Client) func(*setup) {
		return func(s *setup) {
			s.config.Audiences, s.config.Clients = []string{"notes", "bank", "mail"}, []authsvc.Client{c}
		}
	}
	for name, tc := range map[string]struct {
		now                  authsvc.Client
		want, granted, reach string
	}{
		"as before":       {web, "OK", "notes.read notes.write", "notes bank"},
		"fewer scopes":    {authsvc.Client{ID: "web", Scopes: []string{"notes.read", "pay"}}, "OK", "notes.read", "notes bank"},
		"no scopes":       {authsvc.Client{ID: "web"}, "OK", "", "notes bank"},
		"fewer audiences": {authsvc.Client{ID: "web", AllScopes: true, Audiences: []string{"mail", "bank"}}, "OK", "notes.read notes.write", "bank"},
		"other audiences": {authsvc.Client{ID: "web", AllScopes: true, Audiences: []string{"mail"}}, "PermissionDenied SCOPE_NOT_GRANTED", "", ""},
		"it is gone":      {authsvc.Client{ID: "phone", AllScopes: true}, "Unauthenticated INVALID_CLIENT", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := newWorld(t, configure(web))
			login := before.must(before.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, ClientId: "web"}))
			now := newWorld(t, configure(tc.now), func(s *setup) {
				s.open = func(testing.TB, func() time.Time) store.Store { return before.store }
			})
			resp, err := now.Refresh(t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: login.GetRefreshToken(), ClientId: "web"})
			wantRefusal(t, err, tc.want)
			if err != nil {
				return
			}
			claims := now.claims(resp.GetTokens())
			if got := strings.Join(claims.Scopes(), " "); got != tc.granted {
				t.Errorf("granted %q, want %q", got, tc.granted)
			}
			if got := strings.Join(claims.Audience(), " "); got != tc.reach {
				t.Errorf("audience %q, want %q", got, tc.reach)
			}
		})
	}
}
