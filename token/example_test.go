package token_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// must keeps the examples short.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func exampleIssuer() *token.Issuer {
	return must(token.NewIssuer(token.IssuerConfig{
		Issuer:   "https://auth.example.com",
		Audience: []string{"notes"},
		Key:      must(token.GenerateKey(token.EdDSA)),
	}))
}

func exampleVerifier(issuer *token.Issuer) *token.Verifier {
	return must(token.NewVerifier(token.VerifierConfig{
		Issuers: []token.TrustedIssuer{{
			Issuer:    "https://auth.example.com",
			Audiences: []string{"notes"},
			Keys:      must(token.NewStaticKeys(issuer.Key())),
		}},
	}))
}

func Example() {
	ctx := context.Background()
	issuer := exampleIssuer()
	raw, _, err := issuer.Issue(ctx, token.Spec{
		Subject:  "user-1",
		ClientID: "web",
		Scopes:   []string{"notes.read"},
		Claims:   map[string]any{"realm": map[string]any{"tier": "gold"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	claims, err := exampleVerifier(issuer).Verify(ctx, raw)
	if err != nil {
		fmt.Println(err)
		return
	}
	tier, _ := claims.Claim("realm.tier").Text()
	fmt.Println(claims.Subject(), tier)
	fmt.Println(claims.HasScope("notes.read"), claims.HasScope("notes.write"))
	fmt.Println(claims) // neither the token nor its subject
	// Output:
	// user-1 gold
	// true false
	// token.Claims{iss=https://auth.example.com kind=at+jwt}
}

func ExampleNewKind() {
	reset := must(token.NewKind("password-reset"))
	fmt.Println(reset)

	ctx := context.Background()
	issuer := exampleIssuer()
	verifier := exampleVerifier(issuer)
	raw, _, _ := issuer.Issue(ctx, token.Spec{Kind: reset, Subject: "user-1", Lifetime: time.Minute})

	_, err := verifier.Verify(ctx, raw) // as an access token
	fmt.Println(errors.Is(err, token.ErrKind))
	claims, err := verifier.Verify(ctx, raw, reset)
	fmt.Println(claims.Subject(), err)
	// Output:
	// password-reset+jwt
	// true
	// user-1 <nil>
}

func ExampleIssuer_Issue() {
	_, _, err := exampleIssuer().Issue(context.Background(), token.Spec{
		Subject:  "user-1",
		ClientID: "web",
		Claims:   map[string]any{"SUB": "admin"},
	})
	fmt.Println(errors.Is(err, token.ErrReservedClaim))
	// Output: true
}

func ExampleVerifier_Verify() {
	ctx := context.Background()
	issuer := exampleIssuer()
	raw, _, _ := issuer.Issue(ctx, token.Spec{Subject: "user-1", ClientID: "web", Audience: []string{"billing"}})

	_, err := exampleVerifier(issuer).Verify(ctx, raw)
	fmt.Println(err)
	// Output: token: made for another audience: want one of ["notes"]
}

func ExampleClaims_Claim() {
	_, claims, _ := exampleIssuer().Issue(context.Background(), token.Spec{
		Subject:  "user-1",
		ClientID: "web",
		Claims: map[string]any{
			"limits":                   map[string]any{"notes": 10},
			"https://example.com/team": []string{"red", "blue"},
		},
	})
	limit, ok := claims.Claim("limits.notes").Int()
	fmt.Println(limit, ok)
	for team := range claims.Claim("/https:~1~1example.com~1team").Items() {
		fmt.Println(team.Text())
	}
	fmt.Println(claims.Claim("limits.files").Exists())
	// Output:
	// 10 true
	// red true
	// blue true
	// false
}

func ExampleClaims_Decode() {
	_, claims, _ := exampleIssuer().Issue(context.Background(), token.Spec{
		Subject:  "user-1",
		ClientID: "web",
		Claims:   map[string]any{"realm": map[string]any{"tier": "gold"}},
	})
	var mine struct {
		Realm struct {
			Tier string `json:"tier"`
		} `json:"realm"`
	}
	err := claims.Decode(&mine)
	fmt.Println(mine.Realm.Tier, err)
	// Output: gold <nil>
}

func ExampleNewHMACKey() {
	_, err := token.NewHMACKey("", []byte("hunter2"))
	fmt.Println(err)
	key, err := token.NewHMACKey("2026", []byte(strings.Repeat("k", 32)))
	fmt.Println(key, err) // never the secret
	// Output:
	// token: secret for HS256 has 7 bytes: want at least 32 random ones
	// token.SigningKey{id=2026 alg=HS256} <nil>
}

func ExampleMarshalJWKS() {
	key := must(token.ParsePublicPEM([]byte(`-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----`)))
	fmt.Println(string(must(token.MarshalJWKS(key))))
	// Output: {"keys":[{"use":"sig","kty":"OKP","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","crv":"Ed25519","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}
}

func ExampleNewStaticKeys() {
	public := must(token.GenerateKey(token.ES256)).Public()
	shared := must(token.GenerateKey(token.HS256)).Public()
	_, err := token.NewStaticKeys(public, shared)
	fmt.Println(err)
	// Output: token: HMAC and public keys can't share a set: trust two issuers
}

func ExampleNewFileKeys() {
	path := filepath.Join(must(os.MkdirTemp("", "")), "issuer.pem")
	defer func() { _ = os.RemoveAll(filepath.Dir(path)) }()
	_ = os.WriteFile(path, []byte(`-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----`), 0o600)

	keys, err := token.NewFileKeys(token.FileKeysConfig{Path: path})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(keys.Key(context.Background(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", token.EdDSA))
	// Output: token.Key{id=kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k alg=EdDSA} <nil>
}

func ExampleParsePEM() {
	pem := must(must(token.GenerateKey(token.RS256)).MarshalPKCS8())
	fmt.Println(must(token.ParsePEM(pem)).Algorithm())
	fmt.Println(must(token.ParsePEM(pem, token.PS256)).Algorithm())
	_, err := token.ParsePEM(pem, token.EdDSA)
	fmt.Println(err)
	// Output:
	// RS256
	// PS256
	// token: *rsa.PublicKey is not a key for EdDSA: want ed25519.PublicKey
}

func ExamplePeek() {
	raw, _, _ := exampleIssuer().Issue(context.Background(), token.Spec{Subject: "user-1", ClientID: "web"})
	header, issuer, err := token.Peek(raw) // unverified: anyone can have written it
	fmt.Println(header.Algorithm, header.Kind, issuer, err)
	// Output: EdDSA at+jwt https://auth.example.com <nil>
}

func ExampleFromContext() {
	handle := func(ctx context.Context) {
		claims, ok := token.FromContext(ctx)
		if !ok {
			fmt.Println("hello, whoever you are")
			return
		}
		fmt.Println("hello,", claims.Subject())
	}
	_, claims, _ := exampleIssuer().Issue(context.Background(), token.Spec{Subject: "user-1", ClientID: "web"})
	handle(token.NewContext(context.Background(), claims))
	handle(context.Background())
	// Output:
	// hello, user-1
	// hello, whoever you are
}
