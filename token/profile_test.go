package token_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

func withProfile(p token.Profile) func(*token.VerifierConfig) {
	return func(c *token.VerifierConfig) { c.Issuers[0].Profile = p }
}

// always calls every token an access token: the worst that a profile can do.
func always(*token.Claims) token.Kind { return token.Access }

func TestProfileConfig(t *testing.T) {
	t.Parallel()
	keys := must(token.NewStaticKeys(hands()[0].key.Public()))
	for name, tc := range map[string]struct {
		issuer  string
		profile token.Profile
		want    string // of the error; "" for none
	}{
		"zero":                             {"a", token.Profile{}, ""},
		"paths alone":                      {"a", token.Profile{Roles: []string{"groups"}}, ""},
		"a kind and its types":             {"a", token.Profile{Kind: always, Types: []string{"", "JWT", "application/at+jwt"}}, ""},
		"45 types without a kind":          {"a", token.Profile{Types: []string{"JWT"}}, "set both"},
		"45 a kind without types":          {"a", token.Profile{Kind: always}, "set both"},
		"45 a type that is none":           {"a", token.Profile{Kind: always, Types: []string{"a b"}}, "no media type"},
		"45 an empty path":                 {"a", token.Profile{ClientID: []string{""}}, "empty path where client_id is"},
		"45 too many places of roles":      {"a", token.Profile{Roles: []string{"a", "b", "c", "d", "e"}}, "at most 4"},
		"Entra, a tenant":                  {"https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0", token.Entra(), ""},
		"45 Entra, every tenant":           {"https://login.microsoftonline.com/common/v2.0", token.Entra(), `"common" stands for many tenants`},
		"45 Entra, every organization":     {"https://login.microsoftonline.com/organizations/v2.0", token.Entra(), "many tenants"},
		"45 Entra, the issuer's own words": {"https://login.microsoftonline.com/{tenantid}/v2.0", token.Entra(), "many tenants"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := token.NewVerifier(token.VerifierConfig{
				Issuers: []token.TrustedIssuer{{Issuer: tc.issuer, Audiences: []string{"x"}, Keys: keys, Profile: tc.profile}},
			})
			if tc.want == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), `"`+tc.issuer+`"`) {
				t.Errorf("error = %v, want one with %q that names the issuer", err, tc.want)
			}
		})
	}
}

// What a profile of your own says where something is, the claims say.
func TestPathsOfAProfile(t *testing.T) {
	t.Parallel()
	h := hands()[3]
	v := h.verifier(withProfile(token.Profile{
		Subject: "user.id", Audience: []string{"for", "aud"}, ClientID: []string{"app", "client_id"}, Scopes: []string{"scp"},
		Roles: []string{"groups", "/https:~1~1example.com~1roles", "resources.notes.roles", "roles"},
	}))
	for name, tc := range map[string]struct {
		members string // as text, beside a good payload
		subject string
		client  string
		scopes  []string
		roles   []string
		want    error
	}{
		"all of it": {
			`"user":{"id":"u"},"for":["notes"],"app":"a","scp":["s t"],"groups":["g"],"https://example.com/roles":"r","resources":{"notes":{"roles":["n"]}},"roles":["p","q"]`,
			"u", "a",
			[]string{"s t"},
			[]string{"g", "r", "n", "p", "q"},
			nil,
		},
		"the next where the first is not":    {`"user":{"id":"u"}`, "u", "web", nil, nil, nil},
		"scope does not count":               {`"user":{"id":"u"},"scope":"a b"`, "u", "web", nil, nil, nil},
		"so it may have any form":            {`"user":{"id":"u"},"scope":{"a":1}`, "u", "web", nil, nil, nil},
		"nor does sub":                       {``, "", "", nil, nil, token.ErrClaims},
		"the subject a number":               {`"user":{"id":1}`, "", "", nil, nil, token.ErrClaims},
		"the subject an object":              {`"user":{"id":{}}`, "", "", nil, nil, token.ErrClaims},
		"the subject empty":                  {`"user":{"id":""}`, "", "", nil, nil, token.ErrClaims},
		"the client a list":                  {`"user":{"id":"u"},"app":["a"]`, "", "", nil, nil, token.ErrClaims},
		"the client null, though one is":     {`"user":{"id":"u"},"app":null`, "", "", nil, nil, token.ErrClaims},
		"the client empty, though one is":    {`"user":{"id":"u"},"app":""`, "", "", nil, nil, token.ErrClaims},
		"for others, though aud is us":       {`"user":{"id":"u"},"for":"others"`, "", "", nil, nil, token.ErrAudience},
		"for nobody, though aud is us":       {`"user":{"id":"u"},"for":[]`, "", "", nil, nil, token.ErrAudience},
		"the audience an object":             {`"user":{"id":"u"},"for":{}`, "", "", nil, nil, token.ErrClaims},
		"scopes a number":                    {`"user":{"id":"u"},"scp":1`, "", "", nil, nil, token.ErrClaims},
		"roles of objects in the last place": {`"user":{"id":"u"},"groups":["g"],"roles":[{"id":"admin"}]`, "", "", nil, nil, token.ErrClaims},
	} {
		t.Run(name, func(t *testing.T) {
			p := payload(nil)
			if tc.members != "" {
				p = with(tc.members)
			}
			c, err := verify(v, h.token(p))
			wantErr(t, err, tc.want)
			if err != nil {
				return
			}
			if c.Subject() != tc.subject || c.ClientID() != tc.client || !slices.Equal(c.Scopes(), tc.scopes) || !slices.Equal(c.Roles(), tc.roles) {
				t.Errorf("subject %q, client %q, scopes %q, roles %q", c.Subject(), c.ClientID(), c.Scopes(), c.Roles())
			}
			for _, role := range []string{"g", "r", "n", "p", "q", "", "x"} {
				if c.HasRole(role) != slices.Contains(tc.roles, role) {
					t.Errorf("HasRole(%q) = %t", role, c.HasRole(role))
				}
			}
			if sub, _ := c.Claim("sub").Text(); sub != "user-1" {
				t.Errorf("the claim sub is %q", sub)
			}
		})
	}
}

// A header can't say what the profile does not believe, and what the profile
// is not asked about stays what it is.
// checklist: V6
func TestTypesOfAProfile(t *testing.T) {
	t.Parallel()
	h := hands()[3]
	v := h.verifier(withProfile(token.Profile{Types: []string{"", "application/Legacy+JWT"}, Kind: always}))
	for typ, tc := range map[string]struct {
		accept []token.Kind
		want   error
	}{
		"legacy+jwt":             {nil, nil},
		"application/LEGACY+jwt": {nil, nil},
		"":                       {nil, nil},
		"JWT":                    {nil, token.ErrKind},
		"at+jwt":                 {nil, token.ErrKind},
		"application/at+jwt":     {nil, token.ErrKind},
		"id_token":               {[]token.Kind{token.IDToken}, token.ErrKind},
		"invite+jwt":             {[]token.Kind{"invite+jwt"}, nil},
		"reset+jwt":              {[]token.Kind{"invite+jwt"}, token.ErrKind},
	} {
		t.Run(typ, func(t *testing.T) {
			_, err := verify(v, h.sign(h.header(typ), payload(nil)), tc.accept...)
			wantErr(t, err, tc.want)
		})
	}
}

// An access token must name its client and when it was made, whoever says
// that it is one.
// checklist: V5
func TestWhatEveryAccessTokenNeeds(t *testing.T) {
	t.Parallel()
	h := hands()[3]
	v := h.verifier(withProfile(token.Profile{Types: []string{"JWT"}, Kind: always}))
	for missing, want := range map[string]error{
		"client_id": token.ErrClaims, "iat": token.ErrClaims, "exp": token.ErrClaims, "sub": token.ErrClaims, "aud": token.ErrAudience, "jti": nil,
	} {
		_, err := verify(v, h.sign(h.header("JWT"), payload(map[string]any{missing: nil})))
		wantErr(t, err, want)
	}
}

// Each issuer has a profile of its own: one's mark is nothing to another.
func TestIssuersHaveProfilesOfTheirOwn(t *testing.T) {
	t.Parallel()
	h := hands()[3]
	v := h.verifier(func(c *token.VerifierConfig) {
		legacy := c.Issuers[0]
		legacy.Issuer, legacy.Profile = "https://legacy.example.com", token.Profile{Types: []string{"JWT"}, Kind: always}
		c.Issuers = append(c.Issuers, legacy)
	})
	for issuer, want := range map[string]error{issuerName: token.ErrKind, "https://legacy.example.com": nil} {
		_, err := verify(v, h.sign(h.header("JWT"), payload(map[string]any{"iss": issuer})))
		wantErr(t, err, want)
	}
}

func TestAChangedProfileIsAnother(t *testing.T) {
	t.Parallel()
	mine := token.Profile{Subject: "user.id", Roles: []string{"groups"}}
	h := hands()[3]
	v := h.verifier(withProfile(mine))
	mine.Roles[0] = "changed"
	c, err := verify(v, h.token(with(`"user":{"id":"u"},"groups":["g"],"changed":["c"]`)))
	if err != nil || !slices.Equal(c.Roles(), []string{"g"}) {
		t.Errorf("a profile that is changed changes a verifier: %v", err)
	}
	if _, err := verify(v, h.token(payload(nil))); err == nil || !strings.Contains(err.Error(), "user.id is missing") {
		t.Errorf("the error does not say where the subject was looked for: %v", err)
	}
	one := token.Keycloak()
	one.Roles = append(one.Roles, "/resource_access/notes/roles")
	one.Roles[0] = "changed"
	if two := token.Keycloak(); !slices.Equal(two.Roles, []string{"realm_access.roles"}) {
		t.Errorf("a profile that was changed changes the next: %q", two.Roles)
	}
}
