package token_test

import (
	"maps"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

// Whoever changes where a profile finds something does not move what marks an
// access token: none of these is one, whatever the places say.
// checklist: V6
func TestAChangedPlaceMovesNoMark(t *testing.T) {
	t.Parallel()
	const tenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
	h := hands()[2]
	change := func(p token.Profile, change func(*token.Profile)) token.Profile { change(&p); return p }
	for name, tc := range map[string]struct {
		profile token.Profile
		issuer  string
		claims  map[string]any // of what is no access token
		mark    map[string]any // makes it one
	}{
		"Auth0, the client elsewhere, an ID token": {
			change(token.Auth0(), func(p *token.Profile) { p.ClientID = []string{"app"} }), "https://tenant.auth0.com/",
			map[string]any{"aud": "web", "app": "shop"},
			map[string]any{"aud": "notes", "azp": "web"},
		},
		"Auth0, the audience elsewhere, an ID token": {
			change(token.Auth0(), func(p *token.Profile) { p.Audience = []string{"api"} }), "https://tenant.auth0.com/",
			map[string]any{"aud": "web", "azp": "web", "api": "notes"},
			map[string]any{"aud": "notes"},
		},
		"Auth0, one of two names of the client": {
			token.Auth0(), "https://tenant.auth0.com/",
			map[string]any{"aud": "web", "azp": "another", "client_id": "web"},
			map[string]any{"aud": "notes"},
		},
		"Okta, the client elsewhere, no cid": {
			change(token.Okta(), func(p *token.Profile) { p.ClientID = []string{"sub"} }), "https://org.okta.com/oauth2/default",
			map[string]any{"aud": "notes", "scp": []string{"read"}},
			map[string]any{"cid": "web"},
		},
		"Entra, roles that are scopes, no consent": {
			change(token.Entra(), func(p *token.Profile) { p.Scopes = []string{"scp", "roles"} }), "https://login.microsoftonline.com/" + tenant + "/v2.0",
			map[string]any{"aud": "notes", "tid": tenant, "azp": "web", "roles": []string{"reader"}},
			map[string]any{"scp": "read"},
		},
		"Entra, roles elsewhere, an application without one": {
			change(token.Entra(), func(p *token.Profile) { p.Roles = []string{"groups"} }), "https://login.microsoftonline.com/" + tenant + "/v2.0",
			map[string]any{"aud": "notes", "tid": tenant, "azp": "web", "idtyp": "app", "groups": []string{"g"}},
			map[string]any{"roles": []string{"reader"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := h.verifier(withProfile(tc.profile), func(c *token.VerifierConfig) {
				c.Issuers[0].Issuer, c.Issuers[0].Audiences = tc.issuer, []string{"notes", "web"}
			})
			claims := map[string]any{"iss": tc.issuer, "client_id": nil, "scope": nil}
			maps.Copy(claims, tc.claims)
			_, err := verify(v, h.sign(h.header("JWT"), payload(claims)))
			wantErr(t, err, token.ErrKind)
			maps.Copy(claims, tc.mark)
			_, err = verify(v, h.sign(h.header("JWT"), payload(claims)))
			wantErr(t, err, nil)
		})
	}
}
