package authsvc_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

func TestClients(t *testing.T) {
	t.Parallel()
	web := authsvc.Client{ID: "web", Scopes: []string{"notes.read", "pay"}, Audiences: []string{"bank"}}
	ours := authsvc.Client{ID: authsvc.DefaultClient, AllScopes: true}
	with := func(clients ...authsvc.Client) func(*setup) {
		return func(s *setup) { s.config.Clients, s.config.Audiences = clients, []string{"notes", "bank"} }
	}
	for name, tc := range map[string]struct {
		setup                func(*setup)
		client               string
		audiences            []string
		want, granted, reach string
	}{
		"none are set up, none is named":    {with(), "", nil, "OK", "notes.read notes.write", "notes bank"},
		"none are set up, the default":      {with(), "default", nil, "OK", "notes.read notes.write", "notes bank"},
		"none are set up, another is named": {with(), "web", nil, "Unauthenticated INVALID_CLIENT", "", ""},
		"no default is set up":              {with(web), "", nil, "Unauthenticated INVALID_CLIENT", "", ""},
		"one of two":                        {with(web, ours), "web", nil, "OK", "notes.read", "bank"},
		"the other of two":                  {with(web, ours), "", nil, "OK", "notes.read notes.write", "notes bank"},
		"one audience asked":                {with(ours), "", []string{"bank"}, "OK", "notes.read notes.write", "bank"},
		"an audience the client may not":    {with(web), "web", []string{"notes"}, "PermissionDenied SCOPE_NOT_GRANTED", "", ""},
		"an id in another case":             {with(web), "WEB", nil, "Unauthenticated INVALID_CLIENT", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.setup)
			tokens, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, ClientId: tc.client, Audiences: tc.audiences})
			wantRefusal(t, err, tc.want)
			if got := strings.Join(tokens.GetScopes(), " "); got != tc.granted {
				t.Errorf("granted %q, want %q", got, tc.granted)
			}
			if err == nil && strings.Join(w.claims(tokens).Audience(), " ") != tc.reach {
				t.Errorf("audience %q, want %q", w.claims(tokens).Audience(), tc.reach)
			}
		})
	}
}

// checklist: I5
func TestOwnScopesComeFromTheStoreOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people.change(func(p *person) { p.Scopes = append(p.Scopes, "grpcauth.admin", "grpcauth.") })
	if tokens := w.signIn(); !slices.Equal(tokens.GetScopes(), []string{"notes.read", "notes.write"}) {
		t.Errorf("granted %q", tokens.GetScopes())
	}
	_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, Scopes: []string{"grpcauth.admin"}})
	wantRefusal(t, err, "PermissionDenied SCOPE_NOT_GRANTED")

	w.people.change(func(p *person) { p.Scopes = []string{"notes.read grpcauth.admin"} })
	_, err = w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
	wantRefusal(t, err, "Internal INTERNAL")
	if !strings.Contains(w.log.String(), "Config.Load returned the scope") {
		t.Error("the log does not say why")
	}

	own := newWorld(t, builtIn)
	own.addAda(func(u *store.User) { u.Admin = true })
	tokens := own.signIn()
	if !slices.Equal(tokens.GetScopes(), []string{"grpcauth.admin", "notes.read"}) || !own.claims(tokens).HasRole("admin") {
		t.Errorf("an administrator is granted %q, roles %q", tokens.GetScopes(), own.claims(tokens).Roles())
	}
}

func TestClaimsOfTheCaller(t *testing.T) {
	t.Parallel()
	for name, claims := range map[string]map[string]any{
		"44 reserved": {"sub": "somebody-else"},
		"44 scope":    {"scope": "grpcauth.admin"},
		"43 not JSON": {"f": func() {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.people.change(func(p *person) { p.Claims = claims })
			_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
			wantRefusal(t, err, "Internal INTERNAL")
			if !strings.Contains(w.log.String(), "no access token can be made") {
				t.Errorf("the log does not say why: %s", w.log)
			}
		})
	}
}
