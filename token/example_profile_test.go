package token_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/grpcauth/grpcauth/token"
)

// keycloakToken is what a realm of Keycloak would sign: it says "Bearer" in a
// claim, and has no typ that tells an access token from others.
func keycloakToken(realm *token.Issuer, typ string) string {
	raw, _, err := realm.Issue(context.Background(), token.Spec{
		Kind:    must(token.ParseKind("JWT")),
		Subject: "36fa0f91",
		Claims: map[string]any{
			"typ": typ, "azp": "web",
			"realm_access":    map[string]any{"roles": []string{"staff"}},
			"resource_access": map[string]any{"notes": map[string]any{"roles": []string{"editor"}}},
		},
	})
	if err != nil {
		panic(err)
	}
	return raw
}

func ExampleKeycloak() {
	ctx := context.Background()
	realm := exampleIssuer()
	profile := token.Keycloak()
	profile.Roles = append(profile.Roles, "/resource_access/notes/roles")
	verifier := must(token.NewVerifier(token.VerifierConfig{
		Issuers: []token.TrustedIssuer{{
			Issuer:    "https://auth.example.com",
			Audiences: []string{"notes"},
			Keys:      must(token.NewStaticKeys(realm.Key())),
			Profile:   profile,
		}},
	}))

	claims, err := verifier.Verify(ctx, keycloakToken(realm, "Bearer"))
	fmt.Println(claims.ClientID(), claims.Roles(), err)

	_, err = verifier.Verify(ctx, keycloakToken(realm, "ID"))
	fmt.Println(errors.Is(err, token.ErrKind), err)
	// Output:
	// web [staff editor] <nil>
	// true token: kind is not accepted here: "id_token"
}

// An issuer of your own that follows no standard: it says what a token is for
// in the claim `use`, and keeps the client and the scopes elsewhere.
func ExampleProfile() {
	legacy := token.Profile{
		Types: []string{"", "JWT"},
		Kind: func(c *token.Claims) token.Kind {
			if use, _ := c.Claim("use").Text(); use == "api" {
				return token.Access
			}
			return ""
		},
		ClientID: []string{"app.id"},
		Scopes:   []string{"permissions"},
	}
	issuer := exampleIssuer()
	verifier := must(token.NewVerifier(token.VerifierConfig{
		Issuers: []token.TrustedIssuer{{
			Issuer:    "https://auth.example.com",
			Audiences: []string{"notes"},
			Keys:      must(token.NewStaticKeys(issuer.Key())),
			Profile:   legacy,
		}},
	}))
	raw, _, _ := issuer.Issue(context.Background(), token.Spec{
		Kind: must(token.ParseKind("JWT")), Subject: "user-1",
		Claims: map[string]any{"use": "api", "app": map[string]any{"id": "web"}, "permissions": []string{"notes.read"}},
	})
	claims, err := verifier.Verify(context.Background(), raw)
	fmt.Println(claims.ClientID(), claims.Scopes(), err)
	// Output: web [notes.read] <nil>
}
