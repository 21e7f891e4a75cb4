package authsvc

import (
	"errors"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

// A guard may let other kinds in; the handlers serve access tokens only.
//
// checklist: B4
func TestCallerHasAnAccessTokenOfOurs(t *testing.T) {
	t.Parallel()
	reset, err := token.NewKind("password-reset")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{cfg: Config{Issuer: "https://auth.example"}}
	for name, tc := range map[string]struct {
		issuer string
		kind   token.Kind
		want   error
	}{
		"ours":             {"https://auth.example", token.Access, nil},
		"another kind":     {"https://auth.example", reset, errNotGuarded},
		"another issuer":   {"https://auth.example/", token.Access, errNotGuarded},
		"neither of these": {"https://other.example", reset, errNotGuarded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := token.NewContext(t.Context(), issued(t, tc.issuer, tc.kind))
			if _, err := s.caller(ctx); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
	if _, err := s.caller(t.Context()); !errors.Is(err, errNotGuarded) {
		t.Errorf("nobody: %v", err)
	}
}

func issued(t *testing.T, name string, kind token.Kind) *token.Claims {
	t.Helper()
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := token.NewIssuer(token.IssuerConfig{Issuer: name, Audience: []string{"notes"}, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	_, claims, err := issuer.Issue(t.Context(), token.Spec{Kind: kind, Subject: "u1", ClientID: "default"})
	if err != nil {
		t.Fatal(err)
	}
	return claims
}
