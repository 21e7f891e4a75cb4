package token_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/grpcauth/grpcauth/token"
)

// fixedHands sign the same at every run, so that a kept corpus stays valid.
func fixedHands() (ed, hmac hand) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	secret := bytes.Repeat([]byte{9}, 32)
	ed = hand{jwt.SigningMethodEdDSA, private, must(token.NewSigningKey(token.EdDSA, "ed", private))}
	return ed, hand{jwt.SigningMethodHS256, secret, must(token.NewHMACKey("hmac", secret))}
}

// theirs is what golang-jwt reads, which decodes with encoding/json.
func theirs(t *testing.T, raw string, h hand) (*jwt.Token, jwt.MapClaims) {
	t.Helper()
	claims := jwt.MapClaims{}
	parsed, err := jwt.ParseWithClaims(raw, claims, func(*jwt.Token) (any, error) { return publicHalf(h), nil },
		jwt.WithoutClaimsValidation(), jwt.WithJSONNumber(), jwt.WithStrictDecoding())
	if err != nil {
		t.Fatalf("we accept what golang-jwt refuses: %v", err)
	}
	return parsed, claims
}

// FuzzHeader signs any header. What we accept, golang-jwt reads the same.
func FuzzHeader(f *testing.F) {
	ed, _ := fixedHands()
	// The newer name of the same algorithm, which golang-jwt does not know.
	jwt.RegisterSigningMethod("Ed25519", func() jwt.SigningMethod { return jwt.SigningMethodEdDSA })
	for _, header := range []string{
		`{"alg":"Ed25519","typ":"at+jwt","kid":"ed"}`, `{"alg":"ed25519","typ":"at+jwt"}`,
		ed.header("at+jwt"), ed.header("application/AT+JWT"), `{"alg":"EdDSA","typ":"at+jwt"}`, `{"alg":"none"}`, `{}`, `[]`, ``,
		`{"alg":"EdDSA","typ":"at+jwt","kid":"ed","crit":[]}`, `{"alg":"EdDSA","typ":"at+jwt","jwk":{"kty":"OKP"}}`,
		`{"alg":"EdDSA","typ":"at+jwt","x":1e400}`, `{"alg":"EdDSA","alg":"none","typ":"at+jwt"}`, `{"\u0061lg":"EdDSA","typ":"at+jwt"}`, "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"x\":\"\xff\"}",
	} {
		f.Add(header)
	}
	v := ed.verifier()
	f.Fuzz(func(t *testing.T, header string) {
		raw := ed.sign(header, payload(nil))
		claims, err := verify(v, raw)
		if err != nil {
			wantSentinel(t, err)
			return
		}
		if _, err := headerOf(raw); err != nil {
			return // a number past a float64, which golang-jwt decodes though nobody asks for it
		}
		parsed, _ := theirs(t, raw, ed)
		if alg := parsed.Header["alg"]; alg != "EdDSA" && alg != "Ed25519" || parsed.Header["crit"] != nil {
			t.Errorf("accepted header %v", parsed.Header)
		}
		typ, _ := parsed.Header["typ"].(string)
		if strings.TrimPrefix(strings.ToLower(typ), "application/") != "at+jwt" {
			t.Errorf("accepted typ %q", typ)
		}
		if kid, _ := parsed.Header["kid"].(string); kid != claims.Header().KeyID {
			t.Errorf("kid %q, we read %q", kid, claims.Header().KeyID)
		}
	})
}

// FuzzClaims signs any payload. What we accept, golang-jwt reads the same.
func FuzzClaims(f *testing.F) {
	_, hmac := fixedHands()
	for _, p := range []string{
		payload(nil), payload(map[string]any{"aud": []string{"a", audience}, "scope": "a b", "roles": []string{"x"}}), with(nestedClaims), with(`"SUB":"admin"`),
		with(`"sub":"admin"`), with(`"nbf":1.5e9`), with(`"x":1e400`), with(`"a":` + nested(31)), with(`"a":` + nested(32)), with(`"a":"\ud83d\ude00\ud800"`),
		strings.Replace(payload(nil), "sub", `\u0073ub`, 1), strings.Replace(payload(nil), "user-1", `us\u0065r\n`, 1), `{`, `{}`, `[]`, `null`, ``, ` `,
	} {
		f.Add(p)
	}
	v := hmac.verifier()
	f.Fuzz(func(t *testing.T, p string) {
		raw := hmac.token(p)
		claims, err := verify(v, raw)
		if err != nil {
			wantSentinel(t, err)
			return
		}
		_, want := theirs(t, raw, hmac)
		for name, got := range map[string]string{"sub": claims.Subject(), "iss": claims.Issuer(), "client_id": claims.ClientID(), "jti": claims.ID()} {
			if want[name] != got {
				t.Errorf("%s is %v, we read %q", name, want[name], got)
			}
		}
		for name, value := range want {
			wantSameValue(t, claims.Claim("/"+strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")), value)
		}
	})
}

// wantSameValue compares a value with what encoding/json made of it.
func wantSameValue(t *testing.T, got token.Value, want any) {
	t.Helper()
	switch want := want.(type) {
	case string:
		if text, ok := got.Text(); !ok || text != want {
			t.Errorf("text %q, want %q", text, want)
		}
	case bool:
		if b, ok := got.Bool(); !ok || b != want {
			t.Errorf("%t, want %t", b, want)
		}
	case []any:
		if got.Len() != len(want) {
			t.Fatalf("%d elements, want %d", got.Len(), len(want))
		}
		i := 0
		for element := range got.Items() {
			wantSameValue(t, element, want[i])
			i++
		}
	case map[string]any:
		if got.Len() != len(want) {
			t.Errorf("%d members, want %d", got.Len(), len(want))
		}
	case json.Number:
		theirs, err := want.Float64()
		if number, ok := got.Number(); ok != (err == nil) || ok && number != theirs {
			t.Errorf("number %v, want %s", number, want)
		}
	default: // null
		if _, isBool := got.Bool(); want != nil || isBool || !got.Exists() || got.Len() > 0 {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

// FuzzVerify changes whole tokens. Nothing may be accepted but what was
// signed.
func FuzzVerify(f *testing.F) {
	ed, hmac := fixedHands()
	signed := map[string]bool{}
	for _, h := range []hand{ed, hmac} {
		for _, p := range []string{payload(nil), with(nestedClaims)} {
			raw := h.token(p)
			signed[raw] = true
			f.Add(raw)
		}
		f.Add(h.token(payload(map[string]any{"exp": 1})))
		f.Add(h.token(payload(map[string]any{"iss": "other"})))
		f.Add(h.sign(`{"alg":"none","typ":"at+jwt"}`, payload(nil)))
	}
	for _, raw := range []string{"", ".", "..", "...", "a.b.c", strings.Repeat("A", 9000), b64(`{"alg":"none"}`) + "." + b64(payload(nil)) + "."} {
		f.Add(raw)
	}
	verifiers := []*token.Verifier{ed.verifier(), hmac.verifier()}
	f.Fuzz(func(t *testing.T, raw string) {
		for _, v := range verifiers {
			claims, err := verify(v, raw)
			if err != nil {
				wantSentinel(t, err)
				continue
			}
			if !signed[raw] || claims.Raw() != raw {
				t.Errorf("accepted %q", raw)
			}
		}
		header, issuer, err := token.Peek(raw)
		if err != nil {
			wantErr(t, err, token.ErrMalformed)
		} else if header.Algorithm == "" {
			t.Errorf("peeked no algorithm, issuer %q", issuer)
		}
	})
}

// wantSentinel wants an error to be exactly one of ours.
func wantSentinel(t *testing.T, err error) {
	t.Helper()
	n := 0
	for _, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the error is %d sentinels: %v", n, err)
	}
}
