package authsvc

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/token"
)

const (
	// maxAssertionLife is how far ahead an assertion may expire: each is
	// remembered until then.
	maxAssertionLife = 5 * time.Minute
	assertionLeeway  = 30 * time.Second

	// assertionKind is what an assertion is once it is proven to be one.
	assertionKind token.Kind = "client-authentication+jwt"
)

// checkAssertion proves that the client has signed what it sends, for us, now,
// and for the first time (RFC 7523 §3).
func (s *server) checkAssertion(ctx context.Context, client registered, raw string) error {
	claims, err := s.readAssertion(ctx, client, raw)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w: assertion: %s", errInvalidClient, err.Error())
	}
	used := s.store.UseOnce(ctx, onceKey(client.ID, claims.ID()), claims.ExpiresAt().Add(token.MaxLeeway)) // the store's clock may be another
	if errors.Is(used, store.ErrExists) {
		return fmt.Errorf("%w: assertion: its jti was used before", errInvalidClient)
	}
	return used
}

func (s *server) readAssertion(ctx context.Context, client registered, raw string) (*token.Claims, error) {
	if len(client.jwks) == 0 {
		return nil, errors.New("the client has no keys")
	}
	keys, err := clientKeys(client.jwks)
	if err != nil {
		return nil, err
	}
	verifier, err := token.NewVerifier(token.VerifierConfig{
		Issuers: []token.TrustedIssuer{{Issuer: client.ID, Audiences: []string{s.cfg.Issuer}, Keys: keys, Profile: assertionProfile()}},
		Leeway:  assertionLeeway,
		Now:     s.cfg.Now,
	})
	if err != nil {
		return nil, err
	}
	claims, err := verifier.Verify(ctx, raw, assertionKind)
	if err != nil {
		return nil, err
	}
	return claims, s.checkAssertionClaims(client, claims)
}

// checkAssertionClaims holds an assertion to what a verifier does not ask of
// every token. Its `iss` is the client already, and its `aud` names us; one
// that names others too could be used there by us, and here by them.
func (s *server) checkAssertionClaims(client registered, claims *token.Claims) error {
	switch {
	case claims.Subject() != client.ID:
		return errors.New("sub is not the client")
	case len(claims.Audience()) != 1:
		return errors.New("aud names others beside us")
	case claims.ID() == "":
		return errors.New("it has no jti")
	case claims.ExpiresAt().After(s.cfg.Now().Add(maxAssertionLife + assertionLeeway)):
		return fmt.Errorf("exp is more than %s ahead", maxAssertionLife)
	}
	return nil
}

// assertionProfile takes the typ headers that clients send: none, JWT, or the
// one that names assertions. Tokens of other types are something else.
func assertionProfile() token.Profile {
	return token.Profile{
		Types: []string{"", "JWT", string(assertionKind)},
		Kind:  func(*token.Claims) token.Kind { return assertionKind },
	}
}

// onceKey names an assertion. A jti can be long and hold anything; a client id
// holds no line break.
func onceKey(client, jti string) string {
	sum := sha256.Sum256([]byte(client + "\n" + jti))
	return "assertion:" + b64.EncodeToString(sum[:])
}
