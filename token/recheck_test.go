package token_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// Only the verifier that has proven claims says that they still are good:
// another one may want another audience, or read them by another profile.
func TestRecheckIsForItsOwnVerifier(t *testing.T) {
	t.Parallel()
	h := hands()[2]
	ours := h.verifier()
	claims := must(verify(ours, h.token(payload(nil))))
	_, issued, err := must(token.NewIssuer(token.IssuerConfig{Issuer: issuerName, Audience: []string{audience}, Key: h.key})).
		Issue(t.Context(), token.Spec{Subject: "user-1", ClientID: "web"})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		verifier *token.Verifier
		claims   *token.Claims
		want     error
	}{
		"its own":                     {ours, claims, nil},
		"one for another audience":    {h.verifier(func(c *token.VerifierConfig) { c.Issuers[0].Audiences = []string{"payments"} }), claims, token.ErrSignature},
		"one with another profile":    {h.verifier(withProfile(token.Profile{Roles: []string{"groups"}})), claims, token.ErrSignature},
		"one made the same way":       {h.verifier(), claims, token.ErrSignature},
		"one for another issuer":      {h.verifier(func(c *token.VerifierConfig) { c.Issuers[0].Issuer = "https://b.example.com" }), claims, token.ErrSignature},
		"claims that an issuer made":  {ours, issued, token.ErrSignature},
		"claims that nobody has made": {ours, new(token.Claims), token.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			wantErr(t, tc.verifier.Recheck(t.Context(), tc.claims), tc.want)
		})
	}
}

// A token without a kid is good for as long as its key is the only one of its
// algorithm, though it was proven before there were two.
// checklist: V2
func TestRecheckWithoutAKeyID(t *testing.T) {
	t.Parallel()
	h := hands()[2]
	path := filepath.Join(t.TempDir(), "keys.json")
	publish := func(keys ...*token.Key) {
		if err := os.WriteFile(path, must(token.MarshalJWKS(keys...)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	publish(h.key.Public())
	at := now
	v := verifierOf(must(token.NewFileKeys(token.FileKeysConfig{Path: path, Now: func() time.Time { return at }})))
	claims := must(verify(v, h.sign(`{"alg":"RS256","typ":"at+jwt"}`, payload(nil))))
	for _, step := range []struct {
		keys []*token.Key
		want error
	}{
		{[]*token.Key{h.key.Public(), hands()[1].key.Public()}, nil},
		{[]*token.Key{h.key.Public(), must(token.GenerateKey(token.RS256)).Public()}, token.ErrUnknownKey},
		{[]*token.Key{h.key.Public()}, nil},
		{[]*token.Key{must(token.GenerateKey(token.RS256)).Public()}, token.ErrUnknownKey},
	} {
		publish(step.keys...)
		at = at.Add(2 * time.Second)
		wantErr(t, v.Recheck(t.Context(), claims), step.want)
	}
}
