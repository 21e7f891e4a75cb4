package token_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

// issuerFile is the tokens of one issuer, in the shapes that it publishes.
type issuerFile struct {
	Profile   string
	Issuer    string
	Audiences []string
	Tokens    map[string]issuerToken
}

// issuerToken is one of them, and what becomes of it.
type issuerToken struct {
	Why     string
	Header  map[string]string
	Payload json.RawMessage
	Raw     string // instead of header and payload: the token is no JWS
	// One of these two: what an access token says, or why the token is refused
	// as one; and why it is when everybody is our audience, if for another
	// reason.
	Claims        *issuerClaims
	Error         string
	CarelessError string `json:"careless_error"`
	// What the token passes for when it is asked for by name.
	Kind token.Kind
}

type issuerClaims struct {
	Subject, Client string
	Scopes, Roles   []string
}

func profiles() map[string]token.Profile {
	return map[string]token.Profile{
		"RFC9068": token.RFC9068(), "Keycloak": token.Keycloak(), "Auth0": token.Auth0(),
		"Okta": token.Okta(), "Entra": token.Entra(), "Cognito": token.Cognito(),
	}
}

func readIssuers(t *testing.T) map[string]issuerFile {
	t.Helper()
	paths := must(filepath.Glob(filepath.Join("testdata", "profiles", "*.json")))
	if len(paths) < len(profiles()) {
		t.Fatalf("%d files for %d profiles", len(paths), len(profiles()))
	}
	all := map[string]issuerFile{}
	for _, path := range paths {
		var file issuerFile
		if err := json.Unmarshal(must(os.ReadFile(path)), &file); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all[filepath.Base(path)] = file
	}
	return all
}

// raw signs a token, with the issuer's key whatever it is: nothing but its
// shape tells an access token from the others.
func (tok issuerToken) raw(h hand) string {
	if tok.Raw != "" {
		return tok.Raw
	}
	header := map[string]string{"alg": h.method.Alg(), "kid": h.key.ID()}
	if typ, ok := tok.Header["typ"]; ok {
		header["typ"] = typ
	}
	return h.sign(string(must(json.Marshal(header))), string(tok.Payload))
}

// verifier trusts the issuer for these audiences.
func (f issuerFile) verifier(h hand, audiences []string) *token.Verifier {
	return h.verifier(func(c *token.VerifierConfig) {
		c.Issuers[0].Issuer, c.Issuers[0].Audiences, c.Issuers[0].Profile = f.Issuer, audiences, profiles()[f.Profile]
	})
}

// everybody is every audience that a token of the file names.
func (f issuerFile) everybody(t *testing.T) []string {
	t.Helper()
	all := slices.Clone(f.Audiences)
	for _, tok := range f.Tokens {
		var payload struct {
			Audience any `json:"aud"`
			Client   any `json:"client_id"`
		}
		if tok.Raw == "" {
			if err := json.Unmarshal(tok.Payload, &payload); err != nil {
				t.Fatal(err)
			}
		}
		for _, value := range []any{payload.Audience, payload.Client} {
			list, ok := value.([]any)
			if !ok {
				list = []any{value}
			}
			for _, element := range list {
				if audience, ok := element.(string); ok {
					all = append(all, audience)
				}
			}
		}
	}
	return all
}

// The access tokens of every issuer pass, with what they say where a rule
// looks for it, and its other tokens don't.
// checklist: V6
func TestTokensOfEveryIssuer(t *testing.T) { // not parallel: it counts allocations
	h := hands()[2]
	for name, file := range readIssuers(t) {
		strict := file.verifier(h, file.Audiences)
		for what, tok := range file.Tokens {
			t.Run(name+"/"+what, func(t *testing.T) {
				claims, err := verify(strict, tok.raw(h))
				wantErr(t, err, sentinelOf(t, tok.Error))
				if err == nil {
					wantIssuerClaims(t, claims, tok.Claims)
				}
			})
		}
	}
}

// An API that names every client as its audience has made a mistake that
// must not turn an ID token into an access token.
// checklist: V6
func TestNoAudienceMakesAnAccessToken(t *testing.T) {
	t.Parallel()
	h := hands()[2]
	for name, file := range readIssuers(t) {
		careless := file.verifier(h, file.everybody(t))
		for what, tok := range file.Tokens {
			if tok.Error == "audience" && tok.CarelessError == "" {
				continue // an access token, for somebody else
			}
			t.Run(name+"/"+what, func(t *testing.T) {
				t.Parallel()
				want := tok.Error
				if tok.CarelessError != "" {
					want = tok.CarelessError
				}
				_, err := verify(careless, tok.raw(h))
				wantErr(t, err, sentinelOf(t, want))

				claims, err := verify(careless, tok.raw(h), token.IDToken)
				if (err == nil) != (tok.Kind == token.IDToken) {
					t.Errorf("asked for an ID token: %v", err)
				}
				if err == nil && claims.Kind() != token.IDToken {
					t.Errorf("kind = %q", claims.Kind())
				}
				if _, err := verify(careless, tok.raw(h), "", "jwt"); err == nil {
					t.Error("a typ that says nothing is a kind")
				}
			})
		}
	}
}

// No issuer's access token passes under another's profile by accident, except
// where the other's mark is the same or less.
// checklist: V6
func TestProfilesDoNotMix(t *testing.T) {
	t.Parallel()
	h := hands()[2]
	for name, file := range readIssuers(t) {
		for _, profile := range []string{"RFC9068", "Keycloak", "Okta", "Entra", "Cognito"} {
			if profile == file.Profile {
				continue
			}
			other := file
			other.Profile = profile
			v := other.verifier(h, file.everybody(t))
			for what, tok := range file.Tokens {
				if profile == "RFC9068" && (tok.Header["typ"] == "at+jwt" || file.Profile == "RFC9068") {
					continue // whoever writes it means RFC 9068
				}
				if _, err := verify(v, tok.raw(h)); err == nil {
					t.Errorf("%s, %s: passes as %s", name, what, profile)
				}
			}
		}
	}
}

func sentinelOf(t *testing.T, name string) error {
	t.Helper()
	err, ok := map[string]error{
		"": nil, "kind": token.ErrKind, "audience": token.ErrAudience, "claims": token.ErrClaims, "malformed": token.ErrMalformed, "issuer": token.ErrIssuer,
	}[name]
	if !ok {
		t.Fatalf("no error is named %q", name)
	}
	return err
}

func wantIssuerClaims(t *testing.T, c *token.Claims, want *issuerClaims) {
	t.Helper()
	if want == nil {
		t.Fatal("it passes, and the file does not say as what")
	}
	if c.Kind() != token.Access || c.Subject() != want.Subject || c.ClientID() != want.Client {
		t.Errorf("kind %s, subject %s, client %s; want %s, %s", c.Kind(), c.Subject(), c.ClientID(), want.Subject, want.Client)
	}
	if !slices.Equal(c.Scopes(), want.Scopes) || !slices.Equal(c.Roles(), want.Roles) {
		t.Errorf("scopes %q, roles %q; want %q, %q", c.Scopes(), c.Roles(), want.Scopes, want.Roles)
	}
	for _, scope := range want.Scopes {
		if !c.HasScope(scope) || c.HasScope(scope+"x") {
			t.Errorf("HasScope(%q)", scope)
		}
	}
	for _, role := range want.Roles {
		if !c.HasRole(role) || c.HasRole(role+"x") {
			t.Errorf("HasRole(%q)", role)
		}
	}
	allocations := testing.AllocsPerRun(10, func() {
		_ = c.HasScope("x") || c.HasRole("x") || c.HasAudience("x") || c.Subject() == "" || c.ClientID() == ""
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}
