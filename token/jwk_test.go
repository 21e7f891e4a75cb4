package token_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/grpcauth/grpcauth/token"
)

// jwkOf is a key as go-jose writes it, changed.
func jwkOf(key any, changes map[string]any) []byte {
	var members map[string]any
	if err := json.Unmarshal(must(json.Marshal(jose.JSONWebKey{Key: key})), &members); err != nil {
		panic(err)
	}
	for name, value := range changes {
		if members[name] = value; value == nil {
			delete(members, name)
		}
	}
	return must(json.Marshal(members))
}

type members = map[string]any

// checklist: V1 V7 V10
func TestParseJWK(t *testing.T) {
	t.Parallel()
	ed, ec, rs := publicHalf(hands()[0]), publicHalf(hands()[1]), publicHalf(hands()[2])
	for name, tc := range map[string]struct {
		jwk  []byte
		alg  token.Algorithm
		want string // of the error; "" for none
	}{
		"Ed25519":                       {jwkOf(ed, members{"alg": "EdDSA"}), token.EdDSA, ""},
		"P-256":                         {jwkOf(ec, members{"alg": "ES256"}), token.ES256, ""},
		"RSA":                           {jwkOf(rs, members{"alg": "RS256"}), token.RS256, ""},
		"RSA 8192, past go-jose's 4096": {jwkOf(bigRSA(8192), nil), token.RS256, ""},
		"Ed25519 without alg":           {jwkOf(ed, nil), token.EdDSA, ""},
		"P-256 without alg":             {jwkOf(ec, nil), token.ES256, ""},
		"RSA without alg":               {jwkOf(rs, nil), token.RS256, ""},
		"use sig":                       {jwkOf(ed, members{"use": "sig"}), token.EdDSA, ""},
		"key_ops verify":                {jwkOf(ed, members{"key_ops": []string{"verify"}}), token.EdDSA, ""},
		"unknown members":               {jwkOf(ed, members{"x5t": "?", "exp": 1, "x5c": []string{"?"}}), token.EdDSA, ""},
		"use enc":                       {jwkOf(ed, members{"use": "enc"}), "", `use "enc"`},
		"key_ops without verify":        {jwkOf(ed, members{"key_ops": []string{"sign"}}), "", `key_ops without "verify"`},
		"key_ops empty":                 {jwkOf(ed, members{"key_ops": []string{}}), "", `key_ops without "verify"`},
		"45 alg of another type":        {jwkOf(ed, members{"alg": "RS256"}), "", "want *rsa.PublicKey"},
		"45 alg HS256 on a public key":  {jwkOf(rs, members{"alg": "HS256"}), "", "NewHMACKey"},
		"45 alg none":                   {jwkOf(rs, members{"alg": "none"}), "", "not supported"},
		"alg of encryption":             {jwkOf(rs, members{"alg": "RSA-OAEP"}), "", "not supported"},
		"oct":                           {[]byte(`{"kty":"oct","k":"` + strings.Repeat("A", 43) + `"}`), "", "symmetric"},
		"k beside a public key":         {jwkOf(ed, members{"k": "AAAA"}), "", "symmetric"},
		"a private key":                 {jwkOf(hands()[0].private, nil), "", "private members"},
		"a private key, d empty":        {jwkOf(ed, members{"d": ""}), "", "private members"},
		"RSA with a prime":              {jwkOf(rs, members{"p": "Aw"}), "", "private members"},
		"RSA with other primes":         {jwkOf(rs, members{"oth": []any{}}), "", "private members"},
		"24 RSA 1024":                   {jwkOf(bigRSA(1024), nil), "", "RSA key of 1024 bits"},
		"RSA exponent 1":                {jwkOf(rs, members{"e": "AQ"}), "", "exponent"},
		"RSA exponent of nine bytes":    {jwkOf(rs, members{"e": "AQAAAAAAAAAB"}), "", "exponent"},
		"RSA without n":                 {jwkOf(rs, members{"n": nil}), "", "RSA key of 0 bits"},
		"a point off the curve":         {jwkOf(ec, members{"x": strings.Repeat("A", 43)}), "", "not a point"},
		"a coordinate cut":              {jwkOf(ec, members{"x": "AAAA"}), "", "not a point"},
		"P-256 said to be P-384":        {jwkOf(ec, members{"crv": "P-384"}), "", "not a point on P-384"},
		"secp256k1":                     {jwkOf(ec, members{"crv": "secp256k1"}), "", `curve "secp256k1"`},
		"X25519":                        {jwkOf(ed, members{"crv": "X25519"}), "", `curve "X25519"`},
		"Ed25519 cut":                   {jwkOf(ed, members{"x": "AAAA"}), "", "3 bytes"},
		"Ed25519 of low order":          {jwkOf(ed, members{"x": strings.Repeat("A", 43)}), "", "not sound"},
		"no kty":                        {jwkOf(ed, members{"kty": nil}), "", "not supported"},
		"kty in another case":           {jwkOf(ed, members{"kty": "okp"}), "", "not supported"},
		"KTY beside kty":                {jwkOf(ed, members{"KTY": "oct"}), token.EdDSA, ""},
		"padded base64url":              {jwkOf(ed, members{"x": strings.Repeat("A", 43) + "="}), "", "strict base64url"},
		"a duplicate member":            {[]byte(`{"kty":"OKP","kty":"oct"}`), "", "no duplicates"},
		"a list":                        {[]byte(`[]`), "", "JSON object"},
		"empty":                         {nil, "", "JSON object"},
		"a set, not a key":              {[]byte(`{"keys":[]}`), "", "not supported"},
		"kid not printable":             {jwkOf(ed, members{"kid": "a\u0000"}), "", "printable"},
		"kid a number":                  {jwkOf(ed, members{"kid": 1}), "", "JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := token.ParseJWK(tc.jwk)
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) || k != nil {
					t.Errorf("error = %v, want one with %q", err, tc.want)
				}
				return
			}
			if err != nil || k.Algorithm() != tc.alg {
				t.Fatalf("%v, %v; want a key for %s", k, err, tc.alg)
			}
		})
	}
	if k := must(token.ParseJWK(jwkOf(ed, members{"kid": "mine"}))); k.ID() != "mine" {
		t.Errorf("id = %q", k.ID())
	}
	if k := must(token.ParseJWK(jwkOf(ed, nil))); k.ID() != hands()[0].key.ID() {
		t.Errorf("id = %q, want the thumbprint", k.ID())
	}
}

func TestParseSigningJWK(t *testing.T) {
	t.Parallel()
	ed, ec, rs := hands()[0].private, hands()[1].private, hands()[2].private
	for name, tc := range map[string]struct {
		jwk  []byte
		alg  token.Algorithm
		want string // of the error; "" for none
	}{
		"Ed25519":                    {jwkOf(ed, nil), token.EdDSA, ""},
		"P-256":                      {jwkOf(ec, members{"alg": "ES256"}), token.ES256, ""},
		"RSA":                        {jwkOf(rs, nil), token.RS256, ""},
		"RSA without its shortcuts":  {jwkOf(rs, members{"dp": nil, "dq": nil, "qi": nil}), token.RS256, ""},
		"key_ops sign":               {jwkOf(ed, members{"key_ops": []string{"sign"}}), token.EdDSA, ""},
		"key_ops verify":             {jwkOf(ed, members{"key_ops": []string{"verify"}}), "", `without "sign"`},
		"a public key":               {jwkOf(publicHalf(hands()[0]), nil), "", "no private member"},
		"Ed25519 of another public":  {jwkOf(ed, members{"x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}), "", "don't belong"},
		"Ed25519 d cut":              {jwkOf(ed, members{"d": "AAAA"}), "", "3 bytes"},
		"P-256 of another private":   {jwkOf(ec, members{"d": strings.Repeat("A", 42) + "E"}), "", "don't belong"},
		"P-256 d of zero":            {jwkOf(ec, members{"d": strings.Repeat("A", 43)}), "", "not a private key"},
		"RSA without primes":         {jwkOf(rs, members{"p": nil, "q": nil}), "", "two primes"},
		"RSA of three primes":        {jwkOf(rs, members{"oth": []any{}}), "", "two primes"},
		"RSA of another prime":       {jwkOf(rs, members{"p": "Aw"}), "", "don't belong"},
		"24 RSA 1024":                {jwkOf(bigRSA(1024), members{"d": "AQ", "p": "Aw", "q": "Aw"}), "", "RSA key of 1024 bits"},
		"RSA of a million bits":      {jwkOf(bigRSA(1<<20), members{"d": "AQ", "p": "Aw", "q": "Aw"}), "", "want 2048 to 8192"},
		"oct":                        {[]byte(`{"kty":"oct","k":"` + strings.Repeat("A", 43) + `"}`), "", "symmetric"},
		"45 alg of another type":     {jwkOf(ed, members{"alg": "ES256"}), "", "*ecdsa.PublicKey"},
		"not JSON, and not repeated": {[]byte(`{"d":"secret-value",`), "", "JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := token.ParseSigningJWK(tc.jwk)
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) || k != nil {
					t.Errorf("error = %v, want one with %q", err, tc.want)
				}
				if strings.Contains(fmt.Sprint(err), "secret-value") {
					t.Error("the error repeats the key")
				}
				return
			}
			if err != nil || k.Algorithm() != tc.alg {
				t.Fatalf("%v, %v; want a key for %s", k, err, tc.alg)
			}
		})
	}
}

// checklist: K5
func TestMarshalJWKS(t *testing.T) {
	t.Parallel()
	var all []*token.Key
	for _, h := range hands() {
		all = append(all, h.key.Public())
	}
	data := must(token.MarshalJWKS(all...))

	// Read by go-jose, so that it is not only us who understand it.
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(data, &set); err != nil {
		t.Fatal(err)
	}
	if len(set.Keys) != 3 {
		t.Fatalf("%d keys, want 3: the HMAC key stays out", len(set.Keys))
	}
	for i, k := range set.Keys {
		if !k.IsPublic() || k.KeyID != all[i].ID() || k.Algorithm != string(all[i].Algorithm()) || k.Use != "sig" {
			t.Errorf("key %d: %s %s %s, public %t", i, k.KeyID, k.Algorithm, k.Use, k.IsPublic())
		}
	}
	for _, private := range []string{`"d":`, `"k":`, `"p":`, "oct"} {
		if strings.Contains(string(data), private) {
			t.Errorf("%s is published", private)
		}
	}
	if got := string(must(token.MarshalJWKS(hands()[3].key.Public()))); got != `{"keys":[]}` {
		t.Errorf("an HMAC key alone is published as %s", got)
	}
	if got := string(must(token.MarshalJWKS())); got != `{"keys":[]}` {
		t.Errorf("no key is published as %s", got)
	}
	if _, err := token.MarshalJWKS(nil); err == nil {
		t.Error("nil is published")
	}
}

// What go-jose reads and what we read is the same key.
func TestWeReadWhatGoJoseWrites(t *testing.T) {
	t.Parallel()
	for _, h := range hands()[:3] {
		data := jwkOf(publicHalf(h), nil)
		var theirs jose.JSONWebKey
		if err := json.Unmarshal(data, &theirs); err != nil {
			t.Fatal(err)
		}
		ours := must(token.ParseJWK(data))
		if again := must(token.NewKey(ours.Algorithm(), "", theirs.Key)); again.ID() != ours.ID() {
			t.Errorf("%s: we read another key", h)
		}
	}
}
