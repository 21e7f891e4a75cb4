package token_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/grpcauth/grpcauth/token"
)

const (
	issuerName = "https://auth.example.com"
	audience   = "notes"
)

// now is the clock of every test that does not bring its own.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

// hand signs what it is told to, by golang-jwt: a second implementation, and
// one that can be made to sign nonsense.
type hand struct {
	method  jwt.SigningMethod
	private any
	key     *token.SigningKey
}

func (h hand) String() string { return h.method.Alg() }

// sign makes a token of a header and a payload as they are.
func (h hand) sign(header, payload string) string {
	return h.signText(b64(header) + "." + b64(payload))
}

func (h hand) signText(signed string) string {
	return signed + "." + b64(string(must(h.method.Sign(signed, h.private))))
}

// token is a token with a good header.
func (h hand) token(payload string) string { return h.sign(h.header("at+jwt"), payload) }

func (h hand) header(typ string) string {
	return fmt.Sprintf(`{"alg":%q,"typ":%q,"kid":%q}`, h.method.Alg(), typ, h.key.ID())
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// hands are one key for each algorithm, made once: RSA keys take their time.
var hands = sync.OnceValue(func() []hand {
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	rs := must(rsa.GenerateKey(rand.Reader, 2048))
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	asymmetric := func(alg token.Algorithm, private crypto.Signer) *token.SigningKey {
		return must(token.NewSigningKey(alg, "", private))
	}
	return []hand{
		{jwt.SigningMethodEdDSA, ed, asymmetric(token.EdDSA, ed)},
		{jwt.SigningMethodES256, ec, asymmetric(token.ES256, ec)},
		{jwt.SigningMethodRS256, rs, asymmetric(token.RS256, rs)},
		{jwt.SigningMethodHS256, secret, must(token.NewHMACKey("", secret))},
	}
})

// eachHand runs a test under every algorithm.
func eachHand(t *testing.T, test func(t *testing.T, h hand)) {
	t.Helper()
	for _, h := range hands() {
		t.Run(h.String(), func(t *testing.T) { t.Parallel(); test(t, h) })
	}
}

// verifier trusts a hand, at a fixed time.
func (h hand) verifier(change ...func(*token.VerifierConfig)) *token.Verifier {
	return verifierOf(must(token.NewStaticKeys(h.key.Public())), change...)
}

func verifierOf(keys token.KeySet, change ...func(*token.VerifierConfig)) *token.Verifier {
	config := token.VerifierConfig{
		Issuers: []token.TrustedIssuer{{Issuer: issuerName, Audiences: []string{audience}, Keys: keys}},
		Now:     clock,
	}
	for _, c := range change {
		c(&config)
	}
	return must(token.NewVerifier(config))
}

// payload is that of a good access token with some claims changed; a nil
// takes one away.
func payload(changes map[string]any) string {
	claims := map[string]any{
		"iss": issuerName, "sub": "user-1", "aud": audience, "client_id": "web", "jti": "id-1",
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return string(must(json.Marshal(claims)))
}

// with adds members, as text, to the end of a good payload.
func with(members string) string {
	good := payload(nil)
	return good[:len(good)-1] + "," + members + "}"
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error = %v, want %v", err, want)
	}
	for _, other := range sentinels {
		if want != nil && !errors.Is(want, other) && errors.Is(err, other) {
			t.Errorf("error %v is also %v", err, other)
		}
	}
}

// sentinels are every error of a verifier.
var sentinels = []error{
	token.ErrMalformed, token.ErrSignature, token.ErrUnknownKey, token.ErrKeysUnavailable, token.ErrExpired,
	token.ErrNotYetValid, token.ErrClaims, token.ErrAudience, token.ErrIssuer, token.ErrKind,
}

func verify(v *token.Verifier, raw string, kinds ...token.Kind) (*token.Claims, error) {
	return v.Verify(context.Background(), raw, kinds...)
}
