package interceptor_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// checklist: B6 (a confirmation that can't be checked is refused)
func TestUnknownConfirmationsAreRefusedWhateverTheRule(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	a := certificate(t)
	sum := sha256.Sum256(a.Leaf.Raw)
	right := base64.RawURLEncoding.EncodeToString(sum[:])
	ofKey := sha256.Sum256(a.Leaf.RawSubjectPublicKeyInfo)

	var cached atomic.Bool
	guard := strictGuard(t, public,
		interceptor.OverrideRule("/testkit.v1.RulesService/Issuers", interceptor.Authenticated()),
		interceptor.WithObserver(func(_ context.Context, d interceptor.Decision) { cached.Store(d.Cached) }))
	conn := serveTLS(t, guard, tls.RequireAnyClientCert).as(a)
	client := testkitv1.NewRulesServiceClient(conn)
	for name, tc := range map[string]struct {
		cnf  any
		want outcome
	}{
		"the certificate":                  {map[string]any{"x5t#S256": right}, ok},
		"a key":                            {map[string]any{"jkt": "x"}, unauthenticated(binding)},
		"a key beside the certificate":     {map[string]any{"x5t#S256": right, "jkt": "x"}, unauthenticated(binding)},
		"a member nobody knows beside it":  {map[string]any{"x5t#S256": right, "x": nil}, unauthenticated(binding)},
		"nothing":                          {map[string]any{}, unauthenticated(binding)},
		"text":                             {right, unauthenticated(binding)},
		"a number":                         {5, unauthenticated(binding)},
		"a list":                           {[]string{right}, unauthenticated(binding)},
		"a list of names":                  {[]any{map[string]any{"x5t#S256": right}}, unauthenticated(binding)},
		"a thumbprint that is a number":    {map[string]any{"x5t#S256": 5}, unauthenticated(binding)},
		"a thumbprint that is null":        {map[string]any{"x5t#S256": nil}, unauthenticated(binding)},
		"a thumbprint in a list":           {map[string]any{"x5t#S256": []string{right}}, unauthenticated(binding)},
		"an empty thumbprint":              {map[string]any{"x5t#S256": ""}, unauthenticated(binding)},
		"a thumbprint that is padded":      {map[string]any{"x5t#S256": right + "="}, unauthenticated(binding)},
		"a thumbprint with white space":    {map[string]any{"x5t#S256": right + " "}, unauthenticated(binding)},
		"a thumbprint that is cut short":   {map[string]any{"x5t#S256": right[:42]}, unauthenticated(binding)},
		"a thumbprint not in its one form": {map[string]any{"x5t#S256": otherForm(right)}, unauthenticated(binding)},
		"a thumbprint in hexadecimal":      {map[string]any{"x5t#S256": hex.EncodeToString(sum[:])}, unauthenticated(binding)},
		"the thumbprint of the key":        {map[string]any{"x5t#S256": base64.RawURLEncoding.EncodeToString(ofKey[:])}, unauthenticated(binding)},
		"a name in another case":           {map[string]any{"x5t#s256": right}, unauthenticated(binding)},
		"the old hash":                     {map[string]any{"x5t": right}, unauthenticated(binding)},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := sending(t, "Bearer "+bound(t, private, tc.cnf))
			for known := range 2 { // the second time from the cache
				_, err := client.Optional(ctx, &testkitv1.OptionalRequest{})
				tc.want.check(t, err)
				if cached.Load() != (known == 1) {
					t.Errorf("call %d: cached = %t", known, cached.Load())
				}
			}
			_, err := client.Public(ctx, &testkitv1.PublicRequest{})
			ok.check(t, err) // the token is not read
			eachShape(t, conn, ctx, func(t *testing.T, _ string, err error) { tc.want.check(t, err) })
			if tc.want == ok {
				return
			}
			_, err = client.Scopes(ctx, &testkitv1.ScopesRequest{}) // which the token lacks
			tc.want.check(t, err)
		})
	}
	t.Run("null, which is a confirmation too", func(t *testing.T) {
		claims := claimsNow()
		claims["cnf"] = nil
		_, err := client.Optional(sending(t, "Bearer "+signed(t, private, claims)), &testkitv1.OptionalRequest{})
		unauthenticated(binding).check(t, err)
	})
}

// otherForm is the same bytes to a lenient decoder: 43 characters hold two bits
// more than a hash.
func otherForm(thumbprint string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := thumbprint[len(thumbprint)-1]
	for i := range alphabet {
		if alphabet[i] == last {
			return thumbprint[:len(thumbprint)-1] + alphabet[i+1:i+2]
		}
	}
	return thumbprint
}

// bound is an access token with a confirmation claim (RFC 7800 §3.1), as
// another issuer might make it.
func bound(t *testing.T, private ed25519.PrivateKey, cnf any) string {
	t.Helper()
	claims := claimsNow()
	if cnf != nil {
		claims["cnf"] = cnf
	}
	return signed(t, private, claims)
}

func claimsNow() jwt.MapClaims {
	now := time.Now()
	return jwt.MapClaims{
		"iss": "https://issuer.test", "aud": "a", "sub": "ada", "client_id": "c", "jti": "j",
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
}

func signed(t *testing.T, private ed25519.PrivateKey, claims jwt.MapClaims) string {
	t.Helper()
	made := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	made.Header["typ"], made.Header["kid"] = "at+jwt", "k"
	raw, err := made.SignedString(private)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
