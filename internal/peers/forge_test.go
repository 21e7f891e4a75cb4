package peers_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

// tampered is a token that allows more than its issuer said.
func tampered(t *testing.T, raw string) string {
	t.Helper()
	parts := strings.Split(raw, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	wider := bytes.Replace(payload, []byte("notes.read"), []byte("notes.admin"), 1)
	if bytes.Equal(wider, payload) {
		t.Fatal("the token has no scope to change")
	}
	parts[1] = base64.RawURLEncoding.EncodeToString(wider)
	return strings.Join(parts, ".")
}

// swapped is a token with the signature of another one.
func swapped(raw, other string) string {
	return raw[:strings.LastIndexByte(raw, '.')+1] + other[strings.LastIndexByte(other, '.')+1:]
}

// forged is a token in an issuer's name, under a key that it never had.
func forged(t *testing.T, name string) string {
	t.Helper()
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	forger, err := token.NewIssuer(token.IssuerConfig{Issuer: name, Audience: []string{audience}, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	raw, _, err := forger.Issue(t.Context(), token.Spec{Subject: "mallory", ClientID: client, Scopes: []string{"notes.read"}})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
