package token_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

// printed is v as everything prints it: alone, inside a struct, behind a
// pointer, in a field that is not exported, and by both handlers of slog.
func printed(v any, inside any) string {
	var out bytes.Buffer
	for _, x := range []any{v, inside, []any{v}, map[string]any{"k": v}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", x)
		}
		fmt.Fprintln(&out, x)
		for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(handler).Info("m", "attr", x, slog.Group("g", "in", x))
		}
		data, _ := json.Marshal(x)
		out.Write(data)
	}
	return out.String()
}

func wantHidden(t *testing.T, text string, secrets map[string]string) {
	t.Helper()
	for name, secret := range secrets {
		for _, form := range []string{
			secret, hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
			base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
			fmt.Sprintf("%d", []byte(secret)), fmt.Sprintf("%#v", []byte(secret)),
		} {
			if strings.Contains(text, form) {
				t.Errorf("%s is printed", name)
			}
		}
	}
}

// checklist: B2
func TestClaimsPrintIssuerAndKindOnly(t *testing.T) {
	t.Parallel()
	c := proven(t, payload(map[string]any{"sub": "subject-7", "jti": "id-7", "email": "ada@example.com", "scope": "scope-7", "sid": "session-7"}))
	segments := strings.Split(c.Raw(), ".")
	text := printed(c, struct {
		Claims *token.Claims
		hidden *token.Claims
	}{c, c}) + printed(*c, struct{ Claims token.Claims }{*c})
	wantHidden(t, text, map[string]string{
		"the token": c.Raw(), "its payload": segments[1], "its signature": segments[2], "subject": "subject-7", "jti": "id-7",
		"a claim": "ada@example.com", "scope": "scope-7", "session": "session-7",
	})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got, want := fmt.Sprintf(verb, c), "token.Claims{iss=https://auth.example.com kind=at+jwt}"; got != want {
			t.Errorf("%s prints %s", verb, got)
		}
	}
	if !strings.Contains(text, `"attr":{"iss":"https://auth.example.com","kind":"at+jwt"}`) || !strings.Contains(text, "attr.iss=https://auth.example.com") {
		t.Error("slog does not show issuer and kind")
	}
}

// checklist: B2
func TestKeysPrintIDAndAlgorithmOnly(t *testing.T) {
	t.Parallel()
	const secret = "correct horse battery staple 0123456789"
	hmac := must(token.NewHMACKey("hmac-1", []byte(secret)))
	text := printed(hmac, struct {
		Key    *token.SigningKey
		hidden *token.SigningKey
	}{hmac, hmac}) + printed(*hmac, struct{ hidden token.SigningKey }{*hmac}) +
		printed(hmac.Public(), struct{ hidden *token.Key }{hmac.Public()}) + printed(*hmac.Public(), struct{ hidden token.Key }{*hmac.Public()}) +
		printed(token.IssuerConfig{Issuer: "a", Key: hmac}, struct{ hidden token.IssuerConfig }{token.IssuerConfig{Key: hmac}}) +
		printed(must(token.NewStaticKeys(hmac.Public())), struct{ Keys token.KeySet }{must(token.NewStaticKeys(hmac.Public()))}) +
		printed(must(token.NewIssuer(token.IssuerConfig{Issuer: "a", Audience: []string{"b"}, Key: hmac})), verifierOf(must(token.NewStaticKeys(hmac.Public()))))
	wantHidden(t, text, map[string]string{"the secret": secret})

	for _, h := range hands()[:3] {
		jwk := map[string]any{}
		if err := json.Unmarshal(jwkOf(h.private, nil), &jwk); err != nil {
			t.Fatal(err)
		}
		d := string(must(base64.RawURLEncoding.DecodeString(jwk["d"].(string))))
		wantHidden(t, printed(h.key, struct{ hidden *token.SigningKey }{h.key})+printed(*h.key, struct{ hidden token.SigningKey }{*h.key}),
			map[string]string{h.String() + " private key": d})
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, hmac); got != "token.SigningKey{id=hmac-1 alg=HS256}" {
			t.Errorf("%s prints %s", verb, got)
		}
		if got := fmt.Sprintf(verb, hmac.Public()); got != "token.Key{id=hmac-1 alg=HS256}" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
	_ = fmt.Sprint(new(token.SigningKey), new(token.Key), (*token.Key)(nil)) // must not panic
}

// checklist: B2
func TestValuesPrintNoClaims(t *testing.T) {
	t.Parallel()
	v := proven(t, with(`"email":"ada@example.com"`)).Claim("email")
	wantHidden(t, printed(v, struct{ hidden token.Value }{v}), map[string]string{"the claim": "ada@example.com"})
}
