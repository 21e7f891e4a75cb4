package token_test

import (
	"context"
	"encoding/json"
	"errors"
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

// Keys are read anew all the time. Claims that were proven under the one
// before are no dearer for it, and another key of the same id is another.
func TestRecheckAfterTheKeyIsReadAgain(t *testing.T) { // not parallel: it counts allocations
	for _, h := range hands() {
		t.Run(h.String(), func(t *testing.T) {
			again, other := readAgain(t, h.key)
			keys := &oneKey{h.key.Public()}
			v := verifierOf(keys)
			claims := must(verify(v, h.token(payload(nil))))
			keys.key = again
			var err error
			if allocations := testing.AllocsPerRun(10, func() { err = v.Recheck(t.Context(), claims) }); err != nil || allocations != 0 {
				t.Errorf("the same key, read again: %v allocations, %v", allocations, err)
			}
			for name, key := range map[string]*token.Key{"another key": other, "the zero key": new(token.Key), "no key": nil} {
				keys.key = key
				if err := v.Recheck(t.Context(), claims); !errors.Is(err, token.ErrUnknownKey) {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

// oneKey is the only key there is, whatever is asked for.
type oneKey struct{ key *token.Key }

func (o *oneKey) Key(context.Context, string, token.Algorithm) (*token.Key, error) { return o.key, nil }

// readAgain is an equal key, and another one with the same id.
func readAgain(t *testing.T, key *token.SigningKey) (again, other *token.Key) {
	t.Helper()
	alg, id := key.Algorithm(), key.ID()
	if alg == token.HS256 {
		secret := hands()[3].private.([]byte)
		return must(token.NewHMACKey(id, secret)).Public(), must(token.NewHMACKey(id, append([]byte{0}, secret...))).Public()
	}
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(must(token.MarshalJWKS(key.Public(), must(token.GenerateKey(alg)).Public())), &set); err != nil {
		t.Fatal(err)
	}
	set.Keys[1]["kid"] = id
	return must(token.ParseJWK(must(json.Marshal(set.Keys[0])))), must(token.ParseJWK(must(json.Marshal(set.Keys[1]))))
}
