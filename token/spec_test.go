package token_test

import (
	"crypto/x509"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// checklist: I1 I2 I6
func TestSpecsThatAreRefused(t *testing.T) {
	t.Parallel()
	good := token.Spec{Subject: "user-1", ClientID: "web"}
	for name, tc := range map[string]struct {
		change func(*token.Spec)
		want   string // of the error; "" for none
	}{
		"good":                          {func(*token.Spec) {}, ""},
		"15 no subject":                 {func(s *token.Spec) { s.Subject = "" }, "set Subject"},
		"subject is not UTF-8":          {func(s *token.Spec) { s.Subject = "\xff" }, "not JSON"},
		"no client":                     {func(s *token.Spec) { s.ClientID = "" }, "set ClientID"},
		"no client, but another kind":   {func(s *token.Spec) { s.ClientID, s.Kind = "", "invite+jwt" }, ""},
		"an empty audience":             {func(s *token.Spec) { s.Audience = []string{"a", ""} }, "empty audience"},
		"an empty role":                 {func(s *token.Spec) { s.Roles = []string{""} }, "empty role"},
		"a scope with a space is two":   {func(s *token.Spec) { s.Scopes = []string{"a admin"} }, "scope"},
		"an empty scope":                {func(s *token.Spec) { s.Scopes = []string{""} }, "scope"},
		"a scope with a quote":          {func(s *token.Spec) { s.Scopes = []string{`a"b`} }, "scope"},
		"a scope beyond ASCII":          {func(s *token.Spec) { s.Scopes = []string{"é"} }, "scope"},
		"a kind not in its own form":    {func(s *token.Spec) { s.Kind = "AT+JWT" }, "NewKind"},
		"a kind that is none":           {func(s *token.Spec) { s.Kind = "a b" }, "NewKind"},
		"a lifetime below zero":         {func(s *token.Spec) { s.Lifetime = -time.Second }, "lifetime"},
		"a lifetime below a second":     {func(s *token.Spec) { s.Lifetime = time.Second - 1 }, "lifetime"},
		"the longest lifetime":          {func(s *token.Spec) { s.Lifetime = 24 * time.Hour }, ""},
		"past the longest lifetime":     {func(s *token.Spec) { s.Lifetime = 24*time.Hour + 1 }, "lifetime"},
		"a certificate made by hand":    {func(s *token.Spec) { s.Certificate = &x509.Certificate{} }, "x509.ParseCertificate"},
		"an auth_time before 1970":      {func(s *token.Spec) { s.AuthTime = time.Unix(-1, 0) }, "auth_time"},
		"43 a channel":                  {func(s *token.Spec) { s.Claims = map[string]any{"x": make(chan int)} }, `claim "x" is not JSON`},
		"43 a function inside":          {func(s *token.Spec) { s.Claims = map[string]any{"x": map[string]any{"y": func() {}}} }, "not JSON"},
		"43 NaN":                        {func(s *token.Spec) { s.Claims = map[string]any{"x": math.NaN()} }, "not JSON"},
		"43 broken raw JSON":            {func(s *token.Spec) { s.Claims = map[string]any{"x": json.RawMessage(`{`)} }, "not JSON"},
		"43 duplicates in raw JSON":     {func(s *token.Spec) { s.Claims = map[string]any{"x": json.RawMessage(`{"a":1,"a":2}`)} }, "not JSON"},
		"43 a name that is not UTF-8":   {func(s *token.Spec) { s.Claims = map[string]any{"\xff": 1} }, "not JSON"},
		"43 nil is null":                {func(s *token.Spec) { s.Claims = map[string]any{"x": nil} }, ""},
		"nested deeper than we read":    {func(s *token.Spec) { s.Claims = map[string]any{"x": json.RawMessage(nested(32))} }, "nested too deep"},
		"longer than we read":           {func(s *token.Spec) { s.Claims = map[string]any{"x": strings.Repeat("x", 8000)} }, "longer than 8192"},
		"much longer than 16 bits hold": {func(s *token.Spec) { s.Claims = map[string]any{"x": strings.Repeat("x", 1<<20)} }, "longer than 8192"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := good
			tc.change(&spec)
			raw, claims, err := issue(hands()[0].issuer(), spec)
			if tc.want == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				if _, err := verify(hands()[0].verifier(), raw, claims.Kind()); err != nil {
					t.Errorf("issued, but refused: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want one with %q", err, tc.want)
			}
			if raw != "" || claims != nil {
				t.Error("a token came with the error")
			}
		})
	}
}

// The limit is on the whole token, signature included.
func TestTheLongestToken(t *testing.T) {
	t.Parallel()
	h, longest := hands()[0], 0
	for n := 5700; n < 6100; n++ {
		raw, _, err := issue(h.issuer(), token.Spec{Subject: "u", ClientID: "c", Claims: map[string]any{"x": strings.Repeat("x", n)}})
		if err != nil {
			break
		}
		if _, err := verify(h.verifier(), raw); err != nil {
			t.Fatalf("issued with %d bytes, but refused: %v", len(raw), err)
		}
		longest = len(raw)
	}
	if longest > 8192 || longest < 8192-2 {
		t.Errorf("the longest token has %d bytes", longest)
	}
}

func Test44ReservedClaims(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope", "roles", "sid", "auth_time", "acr", "amr", "cnf", "act", "rv",
		"SUB", "Exp", "CLIENT_ID", "\u017fub", // a long s, which encoding/json takes for s
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := issue(hands()[0].issuer(), token.Spec{Subject: "u", ClientID: "c", Claims: map[string]any{name: 1}})
			wantErr(t, err, token.ErrReservedClaim)
		})
	}
	if _, _, err := issue(hands()[0].issuer(), token.Spec{Subject: "u", ClientID: "c", Claims: map[string]any{"subs": 1, "": 2}}); err != nil {
		t.Errorf("a name like a reserved one is refused: %v", err)
	}
}
