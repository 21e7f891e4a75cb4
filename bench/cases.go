package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/grpcauth/grpcauth/token"
)

// The names of the cases. Ratios are over rawCase.
const (
	rawCase   = "raw crypto"
	peerCase  = "golang-jwt"
	coldCase  = "grpcauth verify"
	guardCase = "grpcauth interceptor"
)

const (
	issuerName = "https://auth.example.com"
	audience   = "notes"
	keyID      = "bench-1"
)

// benchCase is one thing to measure.
type benchCase struct {
	algorithm string
	name      string
	run       func() error
}

// subject is what every case of one algorithm works on: a key and a token
// that it signed.
type subject struct {
	algorithm token.Algorithm
	method    jwt.SigningMethod
	public    any // what golang-jwt verifies with
	key       *token.Key
	token     string
	raw       func() error
}

// allCases are the cases of every algorithm.
func allCases() ([]benchCase, error) {
	subjects, err := newSubjects()
	if err != nil {
		return nil, err
	}
	var cases []benchCase
	for _, s := range subjects {
		for _, c := range []struct {
			name string
			make func() (func() error, error)
		}{{rawCase, s.bare}, {peerCase, s.peer}, {coldCase, s.cold}, {guardCase, s.guarded}} {
			run, err := c.make()
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", s.algorithm, c.name, err)
			}
			cases = append(cases, benchCase{string(s.algorithm), c.name, run})
		}
	}
	return cases, nil
}

// bare is the cryptography alone.
func (s subject) bare() (func() error, error) { return s.raw, nil }

// cold is a Verifier. Nothing is cached between two calls.
func (s subject) cold() (func() error, error) {
	verifier, err := s.verifier()
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	return func() error {
		_, err := verifier.Verify(ctx, s.token)
		return err
	}, nil
}

func (s subject) verifier() (*token.Verifier, error) {
	keys, err := token.NewStaticKeys(s.key)
	if err != nil {
		return nil, err
	}
	return token.NewVerifier(token.VerifierConfig{
		Issuers: []token.TrustedIssuer{{Issuer: issuerName, Audiences: []string{audience}, Keys: keys}},
	})
}

// peer is golang-jwt at its best: one parser for all calls, keys by id, and
// every check it has turned on.
func (s subject) peer() (func() error, error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{s.method.Alg()}), jwt.WithIssuer(issuerName), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithLeeway(30*time.Second))
	keys := map[string]any{keyID: s.public}
	find := func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		key, ok := keys[kid]
		if !ok {
			return nil, errors.New("unknown key")
		}
		return key, nil
	}
	return func() error {
		_, err := parser.ParseWithClaims(s.token, &jwt.RegisteredClaims{}, find)
		return err
	}, nil
}

// issue signs a token as an AuthService does.
func issue(key *token.SigningKey) (string, error) {
	issuer, err := token.NewIssuer(token.IssuerConfig{Issuer: issuerName, Audience: []string{audience}, Key: key, Lifetime: time.Hour})
	if err != nil {
		return "", err
	}
	text, _, err := issuer.Issue(context.Background(), token.Spec{
		Subject: "3b0c6a52c6f24d5b", ClientID: "web", Scopes: []string{"notes.read", "notes.write"},
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
	if s.token, err = issue(key); err != nil {
		return s, err
	}
	signed, signature, err := apart(s.token)
	if err != nil {
		return s, err
	}
	s.algorithm, s.key = key.Algorithm(), key.Public()
	s.raw = func() error {
		if !verify(signed, signature) {
			return fmt.Errorf("%s: the signature does not verify", s.algorithm)
		}
		return nil
	}
	return s, nil
}
