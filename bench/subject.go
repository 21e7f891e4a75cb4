package main

import (
	"context"
	"crypto"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/grpcauth/grpcauth/token"
)

const (
	issuerName = "https://auth.example.com"
	audience   = "notes"
	keyID      = "bench-1"
	// subjectName is who the token speaks for, and the text of the request.
	subjectName = "3b0c6a52c6f24d5b"
	leeway      = 30 * time.Second
)

// subject is what every case of one algorithm works on: a key and a token
// that it signed.
type subject struct {
	algorithm token.Algorithm
	method    jwt.SigningMethod
	public    any // what the peers verify with
	key       *token.Key
	signing   *token.SigningKey
	token     string
	raw       func() error
}

// calls tells whether calls are measured with this algorithm, too. The others
// would tell the same once more.
func (s subject) calls() bool { return strings.Contains(rpcAlgorithms, string(s.algorithm)) }

func (s subject) verifier() (*token.Verifier, error) {
	keys, err := token.NewStaticKeys(s.key)
	if err != nil {
		return nil, err
	}
	return token.NewVerifier(token.VerifierConfig{
		Issuers: []token.TrustedIssuer{{Issuer: issuerName, Audiences: []string{audience}, Keys: keys}},
		Leeway:  leeway,
	})
}

// issue signs a token as an AuthService does.
func issue(key *token.SigningKey, config token.IssuerConfig) (string, error) {
	config.Key, config.Lifetime = key, time.Hour
	issuer, err := token.NewIssuer(config)
	if err != nil {
		return "", err
	}
	text, _, err := issuer.Issue(context.Background(), token.Spec{
		Subject: subjectName, ClientID: "web", Scopes: []string{"notes.read", "notes.write"},
		Roles: []string{"editor"}, SessionID: "Xl2mY1m0Q9a5J7c3b8T4uA", AuthTime: time.Now(), AMR: []string{"pwd"},
	})
	return text, err
}

func newSubject(method jwt.SigningMethod, private crypto.Signer, verify func(signed, signature []byte) bool) (subject, error) {
	key, err := token.NewSigningKey(token.Algorithm(method.Alg()), keyID, private)
	if err != nil {
		return subject{}, err
	}
	return finish(subject{method: method, public: private.Public()}, key, verify)
}

func finish(s subject, key *token.SigningKey, verify func(signed, signature []byte) bool) (subject, error) {
	var err error
	if s.token, err = issue(key, token.IssuerConfig{Issuer: issuerName, Audience: []string{audience}}); err != nil {
		return s, err
	}
	signed, signature, err := apart(s.token)
	if err != nil {
		return s, err
	}
	s.algorithm, s.key, s.signing = key.Algorithm(), key.Public(), key
	s.raw = func() error {
		if !verify(signed, signature) {
			return fmt.Errorf("%s: the signature does not verify", s.algorithm)
		}
		return nil
	}
	return s, nil
}
