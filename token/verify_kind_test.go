package token_test

import (
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

// checklist: V6
func Test28Kinds(t *testing.T) {
	t.Parallel()
	reset := must(token.NewKind("password-reset"))
	invite := must(token.NewKind("invite"))
	eachHand(t, func(t *testing.T, h hand) {
		bare := payload(map[string]any{"client_id": nil, "jti": nil, "iat": nil})
		for name, tc := range map[string]struct {
			typ     string
			payload string
			accept  []token.Kind
			want    error
		}{
			"access where access is wanted":        {"at+jwt", payload(nil), nil, nil},
			"a custom kind where access is wanted": {"password-reset+jwt", payload(nil), nil, token.ErrKind},
			"access where a custom kind is wanted": {"at+jwt", payload(nil), []token.Kind{reset}, token.ErrKind},
			"a custom kind where it is wanted":     {"password-reset+jwt", payload(nil), []token.Kind{reset}, nil},
			"another custom kind":                  {"password-reset+jwt", payload(nil), []token.Kind{invite}, token.ErrKind},
			"one of several":                       {"invite+jwt", payload(nil), []token.Kind{token.Access, invite}, nil},
			"a custom kind needs no client":        {"invite+jwt", bare, []token.Kind{invite}, nil},
			"access among several needs one":       {"at+jwt", bare, []token.Kind{token.Access, invite}, token.ErrClaims},
			"in any case":                          {"application/Invite+JWT", payload(nil), []token.Kind{invite}, nil},
			"a Kelvin sign is no k":                {"boo\u212a+jwt", payload(nil), []token.Kind{"book+jwt"}, token.ErrKind},
			"an ID token is no access token":       {"JWT", payload(nil), nil, token.ErrKind},
			"no kind is not a kind to ask for":     {"", payload(nil), []token.Kind{""}, token.ErrKind},
		} {
			t.Run(name, func(t *testing.T) {
				claims, err := verify(h.verifier(), h.sign(h.header(tc.typ), tc.payload), tc.accept...)
				wantErr(t, err, tc.want)
				if err == nil && !strings.EqualFold(strings.TrimPrefix(tc.typ, "application/"), string(claims.Kind())) {
					t.Errorf("kind = %s", claims.Kind())
				}
			})
		}
	})
}
