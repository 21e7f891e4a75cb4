package token_test

import (
	"crypto"
	"crypto/x509"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

// Where a key's type allows several algorithms, whoever reads it chooses.
// checklist: V1
func TestChoosingTheAlgorithm(t *testing.T) {
	t.Parallel()
	ed, rs := hands()[0].private.(crypto.Signer), hands()[2].private.(crypto.Signer)
	type algs = []token.Algorithm
	for name, tc := range map[string]struct {
		key    crypto.Signer
		member string // `alg` of the JWK, "" for none
		algs   algs
		alg    token.Algorithm
		want   string // of the error; "" for none
	}{
		"RSA as it is":                   {rs, "", nil, token.RS256, ""},
		"RSA for PS256":                  {rs, "", algs{token.PS256}, token.PS256, ""},
		"the first that fits":            {rs, "", algs{token.EdDSA, token.PS512, token.RS256}, token.PS512, ""},
		"Ed25519 by its newer name":      {ed, "", algs{"Ed25519"}, token.EdDSA, ""},
		"45 none that fits":              {ed, "", algs{token.PS256}, "", "want *rsa.PublicKey"},
		"45 a secret's":                  {rs, "", algs{token.HS256}, "", "NewHMACKey"},
		"45 one that nobody has":         {rs, "", algs{"none"}, "", "not supported"},
		"what the JWK says":              {rs, "PS384", nil, token.PS384, ""},
		"what the JWK says, if allowed":  {rs, "PS384", algs{token.RS256, token.PS384}, token.PS384, ""},
		"what the JWK says, by its name": {ed, "Ed25519", algs{token.EdDSA}, token.EdDSA, ""},
		"45 what the JWK says, if not":   {rs, "RS256", algs{token.PS256}, "", "JWK is for RS256: want one for [PS256]"},
	} {
		t.Run(name, func(t *testing.T) {
			public, private := members{}, members{}
			if tc.member != "" {
				public["alg"], private["alg"] = tc.member, tc.member
			}
			type read struct {
				alg token.Algorithm
				err error
			}
			var all []read
			add := func(k interface{ Algorithm() token.Algorithm }, err error) {
				if err != nil {
					all = append(all, read{"", err})
					return
				}
				all = append(all, read{k.Algorithm(), nil})
			}
			add(token.ParseJWK(jwkOf(tc.key.Public(), public), tc.algs...))
			add(token.ParseSigningJWK(jwkOf(tc.key, private), tc.algs...))
			if tc.member == "" {
				add(token.ParsePublicPEM([]byte(block("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(tc.key.Public())))), tc.algs...))
				add(token.ParsePEM([]byte(block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(tc.key)))), tc.algs...))
			}
			for _, got := range all {
				if tc.want != "" && (got.err == nil || !strings.Contains(got.err.Error(), tc.want)) {
					t.Errorf("error = %v, want one with %q", got.err, tc.want)
				}
				if tc.want == "" && (got.err != nil || got.alg != tc.alg) {
					t.Errorf("a key for %s, %v; want %s", got.alg, got.err, tc.alg)
				}
			}
		})
	}
}
