package main

import (
	"context"
	"crypto"
	"errors"
	"time"

	"github.com/auth0/go-jwt-middleware/v3/validator"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	jwxjwt "github.com/lestrrat-go/jwx/v3/jwt"
)

// checker verifies a token and returns the claims in the library's own form.
type checker func(ctx context.Context, raw string) (any, error)

// peer is a library at its best: what can be made once is made once, keys are
// found by id where it can, and issuer, audience, expiry and algorithm are
// checked.
type peer struct {
	name string
	make func(s subject) (checker, error)
}

var (
	errNotSupported = errors.New("the library does not know this algorithm")
	errUnknownKey   = errors.New("unknown key")
	errNoExpiry     = errors.New("no expiry")
)

func peers() []peer {
	return []peer{
		{"golang-jwt", newGolangJWT(func() jwt.Claims { return &jwt.RegisteredClaims{} })},
		{"golang-jwt, own struct", newGolangJWT(func() jwt.Claims { return &ownClaims{} })},
		{"go-jose", newGoJose},
		{"lestrrat-go/jwx", newJWX},
		{"go-oidc", newOIDC},
		{"auth0/go-jwt-middleware", newAuth0},
	}
}

// ownClaims are the claims of an access token that a service reads: ours keep
// all of them, too.
type ownClaims struct {
	jwt.RegisteredClaims

	ClientID string   `json:"client_id"`
	Scope    string   `json:"scope"`
	Roles    []string `json:"roles"`
	Session  string   `json:"sid"`
	AuthTime int64    `json:"auth_time"`
	AMR      []string `json:"amr"`
}

func newGolangJWT(claims func() jwt.Claims) func(s subject) (checker, error) {
	return func(s subject) (checker, error) {
		parser := jwt.NewParser(jwt.WithValidMethods([]string{s.method.Alg()}), jwt.WithIssuer(issuerName),
			jwt.WithAudience(audience), jwt.WithExpirationRequired(), jwt.WithLeeway(leeway))
		keys := map[string]any{keyID: s.public}
		find := func(t *jwt.Token) (any, error) {
			kid, _ := t.Header["kid"].(string)
			key, ok := keys[kid]
			if !ok {
				return nil, errUnknownKey
			}
			return key, nil
		}
		return func(_ context.Context, raw string) (any, error) {
			parsed, err := parser.ParseWithClaims(raw, claims(), find)
			if err != nil {
				return nil, err
			}
			return parsed.Claims, nil
		}, nil
	}
}

func newGoJose(s subject) (checker, error) {
	keys := map[string]any{keyID: s.public}
	algorithms := []jose.SignatureAlgorithm{jose.SignatureAlgorithm(s.algorithm)}
	expected := josejwt.Expected{Issuer: issuerName, AnyAudience: josejwt.Audience{audience}}
	return func(_ context.Context, raw string) (any, error) {
		parsed, err := josejwt.ParseSigned(raw, algorithms)
		if err != nil {
			return nil, err
		}
		key, ok := keys[parsed.Headers[0].KeyID]
		if !ok {
			return nil, errUnknownKey
		}
		claims := &josejwt.Claims{}
		if err := parsed.Claims(key, claims); err != nil {
			return nil, err
		}
		if claims.Expiry == nil {
			return nil, errNoExpiry
		}
		return claims, claims.ValidateWithLeeway(expected, leeway)
	}, nil
}

// keySet is the key as jwx wants it.
func (s subject) keySet() (jwk.Set, error) {
	key, err := jwk.Import(s.public)
	if err != nil {
		return nil, err
	}
	algorithm, ok := jwa.LookupSignatureAlgorithm(string(s.algorithm))
	if !ok {
		return nil, errNotSupported
	}
	set := jwk.NewSet()
	return set, errors.Join(key.Set(jwk.KeyIDKey, keyID), key.Set(jwk.AlgorithmKey, algorithm), set.AddKey(key))
}

func newJWX(s subject) (checker, error) {
	set, err := s.keySet()
	if err != nil {
		return nil, err
	}
	options := []jwxjwt.ParseOption{
		jwxjwt.WithKeySet(set), jwxjwt.WithIssuer(issuerName), jwxjwt.WithAudience(audience),
		jwxjwt.WithRequiredClaim(jwxjwt.ExpirationKey), jwxjwt.WithAcceptableSkew(leeway),
	}
	return func(_ context.Context, raw string) (any, error) { return jwxjwt.ParseString(raw, options...) }, nil
}

// newOIDC has one key, so that go-oidc, which tries one after the other, has
// nothing to try. Its leeway can't be set; its clock can.
func newOIDC(s subject) (checker, error) {
	if s.method == jwt.SigningMethodHS256 {
		return nil, errNotSupported
	}
	keys := &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{s.public}}
	verifier := oidc.NewVerifier(issuerName, keys, &oidc.Config{
		ClientID: audience, SupportedSigningAlgs: []string{string(s.algorithm)},
		Now: func() time.Time { return time.Now().Add(-leeway) },
	})
	return func(ctx context.Context, raw string) (any, error) { return verifier.Verify(ctx, raw) }, nil
}

func newAuth0(s subject) (checker, error) {
	set, err := s.keySet()
	if err != nil {
		return nil, err
	}
	check, err := validator.New(
		validator.WithKeyFunc(func(context.Context) (any, error) { return set, nil }),
		validator.WithAlgorithm(validator.SignatureAlgorithm(s.algorithm)),
		validator.WithIssuer(issuerName), validator.WithAudience(audience), validator.WithAllowedClockSkew(leeway),
	)
	if err != nil {
		return nil, err
	}
	return check.ValidateToken, nil
}
