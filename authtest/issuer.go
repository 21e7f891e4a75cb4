package authtest

import (
	"context"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// What an Issuer puts into tokens unless told otherwise.
const (
	IssuerName = "https://issuer.test"
	Audience   = "https://api.test"
	ClientID   = "authtest"
)

// Issuer makes real tokens, good ones and bad ones. It is safe for concurrent
// use. Its methods fail the test when a token can't be made.
type Issuer struct {
	t   testing.TB
	key *token.SigningKey
}

// NewIssuer makes an issuer with a key of its own (EdDSA).
func NewIssuer(t testing.TB) *Issuer {
	t.Helper()
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		t.Fatalf("authtest: %v", err)
	}
	return &Issuer{t: t, key: key}
}

// Trusted is the issuer as a Verifier is told to trust it.
func (i *Issuer) Trusted() token.TrustedIssuer {
	i.t.Helper()
	keys, err := token.NewStaticKeys(i.key.Public())
	if err != nil {
		i.t.Fatalf("authtest: %v", err)
	}
	return token.TrustedIssuer{Issuer: IssuerName, Audiences: []string{Audience}, Keys: keys}
}

// Verifier trusts this issuer and nobody else, with the default leeway.
func (i *Issuer) Verifier() *token.Verifier {
	i.t.Helper()
	verifier, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{i.Trusted()}})
	if err != nil {
		i.t.Fatalf("authtest: %v", err)
	}
	return verifier
}

// Token makes a good token. Whatever spec leaves empty is filled in: an
// access token for the subject "somebody" and the client "authtest".
func (i *Issuer) Token(spec token.Spec) string {
	i.t.Helper()
	return i.issue(i.key, spec, time.Now())
}

// Expired makes a token that was good an hour ago.
func (i *Issuer) Expired(spec token.Spec) string {
	i.t.Helper()
	spec.Lifetime = 10 * time.Minute
	return i.issue(i.key, spec, time.Now().Add(-time.Hour))
}

// WrongAudience makes a token that is meant for another service.
func (i *Issuer) WrongAudience(spec token.Spec) string {
	i.t.Helper()
	spec.Audience = []string{"https://elsewhere.test"}
	return i.issue(i.key, spec, time.Now())
}

// WrongKey makes a token that names this issuer's key but was signed by
// another one.
func (i *Issuer) WrongKey(spec token.Spec) string {
	i.t.Helper()
	forged, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		i.t.Fatalf("authtest: %v", err)
	}
	good, bad := i.Token(spec), i.issue(forged, spec, time.Now())
	return swapSignature(good, bad)
}

func (i *Issuer) issue(key *token.SigningKey, spec token.Spec, now time.Time) string {
	i.t.Helper()
	issuer, err := token.NewIssuer(token.IssuerConfig{
		Issuer: IssuerName, Audience: []string{Audience}, Key: key,
		Now: func() time.Time { return now },
	})
	if err != nil {
		i.t.Fatalf("authtest: %v", err)
	}
	if spec.Subject == "" {
		spec.Subject = "somebody"
	}
	if spec.ClientID == "" {
		spec.ClientID = ClientID
	}
	raw, _, err := issuer.Issue(context.Background(), spec)
	if err != nil {
		i.t.Fatalf("authtest: %v", err)
	}
	return raw
}
