package token_test

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/golang-jwt/jwt/v5"

	"github.com/grpcauth/grpcauth/token"
)

// peerLeeway is a second more than ours: golang-jwt cuts fractions off.
const peerLeeway = 31 * time.Second

// FuzzDifferential signs any header and payload, or any two segments as they
// are. What we accept, golang-jwt and go-jose accept as well, and read the
// same claims in it.
func FuzzDifferential(f *testing.F) {
	names := []string{"ed25519", "hs256", "es256"} // RSA is slow to sign with
	var verifiers []*token.Verifier
	for i, name := range names {
		h := attackHands()[name]
		verifiers = append(verifiers, attack{"trust": name}.verifier())
		f.Add(byte(i), false, h.header("at+jwt"), payload(nil))
		f.Add(byte(i), false, h.header("at+jwt"), with(nestedClaims))
		f.Add(byte(i), false, `{"alg":"Ed25519","typ":"at+jwt"}`, with(`"x":1e400,"y":[1.5,-0,9007199254740993]`))
	}
	for _, a := range attacks(f) {
		trust := slices.Index(names, strings.Fields(a["trust"] + " ed25519")[0])
		if a.isKey() || trust < 0 {
			continue
		}
		if parts := strings.Split(a.token(a.good()), "."); len(parts) == 3 {
			f.Add(byte(trust), true, parts[0], parts[1])
		}
	}
	f.Fuzz(func(t *testing.T, who byte, encoded bool, header, payload string) {
		i := int(who) % len(names)
		h := attackHands()[names[i]]
		if !encoded {
			header, payload = b64(header), b64(payload)
		}
		raw := h.signText(header + "." + payload)
		claims, err := verify(verifiers[i], raw)
		if err != nil {
			wantSentinel(t, err)
			return
		}
		wantSameClaims(t, "golang-jwt", claims, readGolangJWT(t, raw, h))
		wantSameClaims(t, "go-jose", claims, readGoJose(t, raw, h))
	})
}

// readGolangJWT is what golang-jwt reads, or nil where it is known not to.
func readGolangJWT(t *testing.T, raw string, h hand) map[string]any {
	t.Helper()
	if notForPeers(raw) {
		return nil
	}
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(raw, claims, func(*jwt.Token) (any, error) { return publicHalf(h), nil },
		jwt.WithValidMethods([]string{h.method.Alg()}), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(peerLeeway),
		jwt.WithAudience(audience, "caf\u00e9"), jwt.WithTimeFunc(clock), jwt.WithJSONNumber(), jwt.WithStrictDecoding())
	if err != nil {
		t.Fatalf("we accept what golang-jwt refuses: %v", err)
	}
	return claims
}

// readGoJose is what go-jose reads, or nil where it is known not to.
func readGoJose(t *testing.T, raw string, h hand) map[string]any {
	t.Helper()
	if notForPeers(raw) || notForGoJose(raw) {
		return nil
	}
	parsed, err := josejwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(h.method.Alg())})
	if err != nil {
		t.Fatalf("we accept what go-jose can't parse: %v", err)
	}
	var standard josejwt.Claims
	var all map[string]json.RawMessage // of numbers it would make floats
	if err := parsed.Claims(publicHalf(h), &standard, &all); err != nil {
		t.Fatalf("we accept what go-jose refuses: %v", err)
	}
	expected := josejwt.Expected{AnyAudience: josejwt.Audience{audience, "caf\u00e9"}, Time: now}
	if err := standard.ValidateWithLeeway(expected, peerLeeway); err != nil {
		t.Fatalf("we accept what go-jose finds not valid: %v", err)
	}
	claims := map[string]any{}
	for name, value := range all {
		claims[name] = numbersAsText(t, value)
	}
	return claims
}

func numbersAsText(t *testing.T, data []byte) (value any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("go-jose reads %q, which is no JSON: %v", data, err)
	}
	return value
}

// notForPeers reports what neither takes and we do: the newer name of EdDSA
// (RFC 9864), and a number in a header that is past a float64, which they
// decode though nobody asks for it.
func notForPeers(raw string) bool {
	header, err := headerOf(raw)
	return err != nil || header["alg"] == "Ed25519"
}

// notForGoJose reports what go-jose looks at and we ignore: a key in the
// header, which it wants to be a good one; a nonce, which it wants to be a
// string; and b64, which it heeds without a crit that names it (RFC 7797 §6
// demands that).
func notForGoJose(raw string) bool {
	header, _ := headerOf(raw)
	return slices.ContainsFunc([]string{"jwk", "x5c", "nonce", "b64"}, func(name string) bool {
		_, ok := header[name]
		return ok
	})
}

func headerOf(raw string) (header map[string]any, err error) {
	text, _, _ := strings.Cut(raw, ".")
	return header, json.Unmarshal(must(base64.RawURLEncoding.DecodeString(text)), &header)
}

// wantSameClaims compares all claims, by name and value.
func wantSameClaims(t *testing.T, peer string, got *token.Claims, want map[string]any) {
	t.Helper()
	if want == nil {
		return
	}
	var all map[string]json.RawMessage
	if err := got.Decode(&all); err != nil || len(all) != len(want) {
		t.Errorf("%s reads %d claims, we read %d: %v", peer, len(want), len(all), err)
	}
	for name, text := range map[string]string{"iss": got.Issuer(), "sub": got.Subject(), "client_id": got.ClientID(), "jti": got.ID()} {
		if want[name] != text {
			t.Errorf("%s reads %s as %v, we as %q", peer, name, want[name], text)
		}
	}
	for name, value := range want {
		wantSameValue(t, got.Claim("/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(name)), value)
	}
}
