package token_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// checklist: V5
func TestVerifierConfig(t *testing.T) {
	t.Parallel()
	keys := must(token.NewStaticKeys(hands()[0].key.Public()))
	good := token.TrustedIssuer{Issuer: "a", Audiences: []string{"x"}, Keys: keys}
	for name, tc := range map[string]struct {
		config token.VerifierConfig
		want   string // of the error; "" for none
	}{
		"good":                 {token.VerifierConfig{Issuers: []token.TrustedIssuer{good}}, ""},
		"the longest leeway":   {token.VerifierConfig{Issuers: []token.TrustedIssuer{good}, Leeway: 2 * time.Minute}, ""},
		"45 no issuer":         {token.VerifierConfig{}, "no trusted issuer"},
		"45 issuer twice":      {token.VerifierConfig{Issuers: []token.TrustedIssuer{good, good}}, `issuer "a" is trusted twice`},
		"45 issuer unnamed":    {token.VerifierConfig{Issuers: []token.TrustedIssuer{{Audiences: []string{"x"}, Keys: keys}}}, "set Issuer"},
		"45 no audience":       {token.VerifierConfig{Issuers: []token.TrustedIssuer{{Issuer: "a", Keys: keys}}}, "without audiences"},
		"45 an empty audience": {token.VerifierConfig{Issuers: []token.TrustedIssuer{{Issuer: "a", Audiences: []string{"x", ""}, Keys: keys}}}, "without audiences"},
		"45 no keys":           {token.VerifierConfig{Issuers: []token.TrustedIssuer{{Issuer: "a", Audiences: []string{"x"}}}}, "set Keys"},
		"45 leeway too long":   {token.VerifierConfig{Issuers: []token.TrustedIssuer{good}, Leeway: 2*time.Minute + 1}, "at most 2m0s"},
		"45 leeway negative":   {token.VerifierConfig{Issuers: []token.TrustedIssuer{good}, Leeway: -time.Second}, "token.NoLeeway"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := token.NewVerifier(tc.config)
			if tc.want == "" {
				if err != nil || v == nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || v != nil {
				t.Errorf("error = %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestPeek(t *testing.T) {
	t.Parallel()
	h := hands()[0]
	for name, tc := range map[string]struct {
		raw    string
		header token.Header
		issuer string
		want   error
	}{
		"good":           {h.token(payload(nil)), token.Header{Algorithm: token.EdDSA, KeyID: h.key.ID(), Kind: token.Access}, issuerName, nil},
		"unsigned":       {b64(`{"alg":"none"}`) + "." + b64(payload(nil)) + ".", token.Header{Algorithm: "none"}, issuerName, nil},
		"no issuer":      {h.sign(`{"alg":"EdDSA"}`, `{}`), token.Header{Algorithm: token.EdDSA}, "", nil},
		"not a token":    {"hello", token.Header{}, "", token.ErrMalformed},
		"bad header":     {b64(`{`) + "." + b64(payload(nil)) + ".", token.Header{}, "", token.ErrMalformed},
		"bad payload":    {b64(`{"alg":"none"}`) + "." + b64(`[]`) + ".", token.Header{}, "", token.ErrMalformed},
		"duplicate":      {b64(`{"alg":"none"}`) + "." + b64(`{"a":1,"a":2}`) + ".", token.Header{}, "", token.ErrMalformed},
		"escaped issuer": {b64(`{"alg":"none"}`) + "." + b64(`{"iss":"\u0061"}`) + ".", token.Header{Algorithm: "none"}, "a", nil},
	} {
		t.Run(name, func(t *testing.T) {
			header, issuer, err := token.Peek(tc.raw)
			wantErr(t, err, tc.want)
			if header != tc.header || issuer != tc.issuer {
				t.Errorf("peeked %+v, %q; want %+v, %q", header, issuer, tc.header, tc.issuer)
			}
		})
	}
}

// What is refused is told without what was sent.
// checklist: B2
func TestErrorsDoNotRepeatTheToken(t *testing.T) {
	t.Parallel()
	h := hands()[3]
	for _, p := range []string{
		with(`"secret-name":"secret-value","secret-name":1`), with(`"a":secret-value`), payload(map[string]any{"sub": []string{"secret-value"}}),
		payload(map[string]any{"exp": "secret-value"}), payload(map[string]any{"aud": "secret-value"}),
	} {
		raw := h.token(p)
		_, err := verify(h.verifier(), raw)
		if err == nil {
			t.Fatal("accepted")
		}
		text := fmt.Sprintf("%v %+v %#v", err, err, err)
		if strings.Contains(text, "secret") || strings.Contains(text, raw[len(raw)-20:]) {
			t.Errorf("the error repeats the token: %s", text)
		}
	}
}
