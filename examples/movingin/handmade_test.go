package movingin

import (
	"errors"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/grpcauth/grpcauth/token"
)

// The table of docs/moving-in.md: a token that is signed by hand is accepted
// with all of it, and refused when any of it is missing.
func TestHandmadeTokensNeedTheWholeTable(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*jwt.Token, jwt.MapClaims)
		want   error
	}{
		"all of it":          {func(*jwt.Token, jwt.MapClaims) {}, nil},
		"without typ":        {func(signed *jwt.Token, _ jwt.MapClaims) { delete(signed.Header, "typ") }, token.ErrKind},
		"with the usual typ": {func(signed *jwt.Token, _ jwt.MapClaims) { signed.Header["typ"] = "JWT" }, token.ErrKind},
		"without iss":        {lacking("iss"), token.ErrIssuer},
		"without aud":        {lacking("aud"), token.ErrAudience},
		"without sub":        {lacking("sub"), token.ErrClaims},
		"with sub a number":  {func(_ *jwt.Token, claims jwt.MapClaims) { claims["sub"] = 42 }, token.ErrClaims},
		"without exp":        {lacking("exp"), token.ErrClaims},
		"without iat":        {lacking("iat"), token.ErrClaims},
		"without jti":        {lacking("jti"), token.ErrClaims},
		"without client_id":  {lacking("client_id"), token.ErrClaims},
	}
	secret := []byte("a secret of two servers, 32 bytes and more")
	verifier, err := newHandmadeVerifier(secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claims, err := verifier.Verify(t.Context(), handmade(t, secret, tt.change))
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if err == nil && !claims.HasRole("admin") {
				t.Errorf("the roles are %q, want admin", claims.Roles())
			}
		})
	}
}

func lacking(claim string) func(*jwt.Token, jwt.MapClaims) {
	return func(_ *jwt.Token, claims jwt.MapClaims) { delete(claims, claim) }
}

// handmade is a token as the table has it, but for a change.
func handmade(t *testing.T, secret []byte, change func(*jwt.Token, jwt.MapClaims)) string {
	t.Helper()
	now := time.Now()
	claims := jwt.MapClaims{
		"iss": "https://auth.example", "aud": "https://notes.example", "sub": "ada", "client_id": "web", "jti": "t-1",
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "role": "admin",
	}
	signed := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	signed.Header["typ"] = "at+jwt"
	change(signed, claims)
	raw, err := signed.SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
