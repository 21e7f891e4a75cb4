package token_test

import (
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/grpcauth/grpcauth/token"
)

// What golang-jwt, of which we use the signing methods only, accepts by
// itself. Each row is accepted there and refused here.
// checklist: V11
func TestGolangJWTAcceptsAndWeRefuse(t *testing.T) {
	t.Parallel()
	h := hands()[3]
	spaced := unaligned(payload(nil))
	for name, tc := range map[string]struct {
		raw  string
		want error
	}{
		"a missing exp":            {h.token(payload(map[string]any{"exp": nil})), token.ErrClaims},
		"an unknown crit":          {h.sign(`{"alg":"HS256","typ":"at+jwt","crit":["x"],"x":1}`, payload(nil)), token.ErrMalformed},
		"any typ":                  {h.sign(h.header("secevent+jwt"), payload(nil)), token.ErrKind},
		"no typ":                   {h.sign(`{"alg":"HS256"}`, payload(nil)), token.ErrKind},
		"duplicate claims":         {h.token(with(`"sub":"admin"`)), token.ErrMalformed},
		"duplicate header members": {h.sign(`{"alg":"none","alg":"HS256","typ":"at+jwt"}`, payload(nil)), token.ErrMalformed},
		"loose base64":             {h.signText(b64(h.header("at+jwt")) + "." + loose(t, b64(spaced))), token.ErrMalformed},
		"a loose signature":        {looseSignature(t, h.token(payload(nil))), token.ErrMalformed},
		"line breaks in base64":    {h.token(payload(nil)) + "\r\n", token.ErrMalformed},
		"text that is not UTF-8":   {h.token(with("\"x\":\"\xff\"")), token.ErrMalformed},
		"a token of a megabyte":    {h.token(with(`"x":"` + strings.Repeat("x", 1<<20) + `"`)), token.ErrMalformed},
		"no audience wanted":       {h.token(payload(map[string]any{"aud": "others"})), token.ErrAudience},
		"no issuer wanted":         {h.token(payload(map[string]any{"iss": "https://evil.example"})), token.ErrIssuer},
		"no subject":               {h.token(payload(map[string]any{"sub": nil})), token.ErrClaims},
		"issued in the future":     {h.token(payload(map[string]any{"iat": now.Unix() + 3600, "exp": now.Unix() + 7200})), token.ErrNotYetValid},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := golangJWT(tc.raw, h.private); err != nil {
				t.Errorf("golang-jwt refuses it, too: %v", err)
			}
			_, err := verify(h.verifier(), tc.raw)
			wantErr(t, err, tc.want)
		})
	}
}

func looseSignature(t *testing.T, raw string) string {
	t.Helper()
	cut := strings.LastIndexByte(raw, '.') + 1
	return raw[:cut] + loose(t, raw[cut:])
}

func golangJWT(raw string, key any) (*jwt.RegisteredClaims, error) {
	claims := new(jwt.RegisteredClaims)
	_, err := jwt.ParseWithClaims(raw, claims, func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithTimeFunc(clock), jwt.WithValidMethods([]string{"HS256"}))
	return claims, err
}

// checklist: V11
func TestGolangJWTTakesSUBForSub(t *testing.T) {
	t.Parallel()
	h := hands()[3]
	for _, name := range []string{"SUB", "Sub", "\u017fub"} {
		raw := h.token(with(`"` + name + `":"admin"`))
		theirs, err := golangJWT(raw, h.private)
		if err != nil || theirs.Subject != "admin" {
			t.Errorf("golang-jwt reads %q, %v from %s", theirs.Subject, err, name)
		}
		ours, err := verify(h.verifier(), raw)
		if err != nil || ours.Subject() != "user-1" {
			t.Errorf("we read %q, %v from %s", ours.Subject(), err, name)
		}
	}
}

// checklist: V11
func TestGolangJWTTakesAnEmptySecret(t *testing.T) {
	t.Parallel()
	h := hand{jwt.SigningMethodHS256, []byte{}, hands()[3].key}
	if _, err := golangJWT(h.token(payload(nil)), []byte{}); err != nil {
		t.Errorf("golang-jwt refuses it, too: %v", err)
	}
	if _, err := token.NewHMACKey("", []byte{}); err == nil {
		t.Error("we take an empty secret")
	}
}

// A bad signature outweighs everything; golang-jwt joined the two once.
// checklist: V12
func TestABadSignatureOnAnExpiredToken(t *testing.T) {
	t.Parallel()
	h := hands()[3]
	raw := h.token(payload(map[string]any{"exp": now.Unix() - 3600}))
	_, err := verify(h.verifier(), raw[:len(raw)-8]+"AAAAAAAA")
	wantErr(t, err, token.ErrSignature)
}
