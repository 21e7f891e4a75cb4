package revocation_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

// A checker that refuses whatever was issued before everyone was logged out.
func ExampleCheckerFunc() {
	claims := exampleClaims()
	loggedOut := claims.IssuedAt().Add(time.Minute)
	var checker revocation.Checker = revocation.CheckerFunc(func(_ context.Context, claims *token.Claims) error {
		if claims.IssuedAt().Before(loggedOut) {
			return fmt.Errorf("%w: everyone was logged out at %s", revocation.ErrRevoked, loggedOut)
		}
		return nil
	})
	err := checker.Check(context.Background(), claims)
	fmt.Println(errors.Is(err, revocation.ErrRevoked))
	// Output: true
}

// exampleClaims are those of a token that was just made.
func exampleClaims() *token.Claims {
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		panic(err)
	}
	issuer, err := token.NewIssuer(token.IssuerConfig{Issuer: "https://auth.example", Audience: []string{"notes"}, Key: key})
	if err != nil {
		panic(err)
	}
	_, claims, err := issuer.Issue(context.Background(), token.Spec{Subject: "ada", ClientID: "web"})
	if err != nil {
		panic(err)
	}
	return claims
}
