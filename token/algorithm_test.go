package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"

	"github.com/grpcauth/grpcauth/token"
)

// allHands are a hand for every algorithm. All RSA algorithms share one key,
// which is what an attacker would try.
var allHands = sync.OnceValue(func() []hand {
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	rs := must(rsa.GenerateKey(rand.Reader, 2048))
	secret := make([]byte, 64)
	_, _ = rand.Read(secret)
	all := []hand{{jwt.SigningMethodEdDSA, ed, must(token.NewSigningKey(token.EdDSA, "k", ed))}}
	for method, curve := range map[*jwt.SigningMethodECDSA]elliptic.Curve{
		jwt.SigningMethodES256: elliptic.P256(), jwt.SigningMethodES384: elliptic.P384(), jwt.SigningMethodES512: elliptic.P521(),
	} {
		ec := must(ecdsa.GenerateKey(curve, rand.Reader))
		all = append(all, hand{method, ec, must(token.NewSigningKey(token.Algorithm(method.Alg()), "k", ec))})
	}
	for _, method := range []jwt.SigningMethod{
		jwt.SigningMethodRS256, jwt.SigningMethodRS384, jwt.SigningMethodRS512,
		jwt.SigningMethodPS256, jwt.SigningMethodPS384, jwt.SigningMethodPS512,
	} {
		all = append(all, hand{method, rs, must(token.NewSigningKey(token.Algorithm(method.Alg()), "k", rs))})
	}
	for _, method := range []jwt.SigningMethod{jwt.SigningMethodHS256, jwt.SigningMethodHS384, jwt.SigningMethodHS512} {
		all = append(all, hand{method, secret, must(token.NewHMACKey("k", secret, token.Algorithm(method.Alg())))})
	}
	return all
})

// What golang-jwt signs we verify, and the reverse.
func TestEveryAlgorithm(t *testing.T) {
	t.Parallel()
	for _, h := range allHands() {
		t.Run(h.String(), func(t *testing.T) {
			t.Parallel()
			claims, err := verify(h.verifier(), h.token(payload(nil)))
			if err != nil || string(claims.Header().Algorithm) != h.method.Alg() {
				t.Fatalf("golang-jwt's token: %v, %v", claims, err)
			}
			raw, _, err := issue(h.issuer(), fullSpec())
			if err != nil {
				t.Fatal(err)
			}
			_, err = jwt.Parse(raw, func(*jwt.Token) (any, error) { return publicHalf(h), nil },
				jwt.WithTimeFunc(clock), jwt.WithValidMethods([]string{h.method.Alg()}))
			if err != nil {
				t.Errorf("our token, by golang-jwt: %v", err)
			}
		})
	}
}

// A key is for one algorithm, whatever others its type could do.
// checklist: V1
func Test11EveryAlgorithmUnderEveryKey(t *testing.T) {
	t.Parallel()
	for _, trusted := range allHands() {
		for _, forger := range allHands() {
			t.Run(fmt.Sprintf("11 %s under %s", forger, trusted), func(t *testing.T) {
				t.Parallel()
				_, err := verify(trusted.verifier(), forger.token(payload(nil)))
				if forger.method == trusted.method {
					wantErr(t, err, nil)
					return
				}
				wantErr(t, err, token.ErrSignature)
				// Signed so, and said to be what the key is for.
				lie := fmt.Sprintf(`{"alg":%q,"typ":"at+jwt","kid":"k"}`, trusted.method.Alg())
				_, err = verify(trusted.verifier(), forger.sign(lie, payload(nil)))
				wantErr(t, err, token.ErrSignature)
			})
		}
	}
}

// RFC 9864 §2.2: Ed25519 is EdDSA by a name that says which curve.
// checklist: V1
func TestEd25519IsEdDSA(t *testing.T) {
	t.Parallel()
	h := hands()[0]
	for name, tc := range map[string]struct {
		header string
		want   error
	}{
		"by its newer name":            {fmt.Sprintf(`{"alg":"Ed25519","typ":"at+jwt","kid":%q}`, h.key.ID()), nil},
		"by its newer name and no kid": {`{"alg":"Ed25519","typ":"at+jwt"}`, nil},
		"in another case":              {`{"alg":"ed25519","typ":"at+jwt"}`, token.ErrSignature},
		"the other curve of EdDSA":     {`{"alg":"Ed448","typ":"at+jwt"}`, token.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			claims, err := verify(h.verifier(), h.sign(tc.header, payload(nil)))
			wantErr(t, err, tc.want)
			if err == nil && claims.Header().Algorithm != token.EdDSA {
				t.Errorf("algorithm = %s", claims.Header().Algorithm)
			}
		})
	}
	_, err := verify(hands()[1].verifier(), h.sign(`{"alg":"Ed25519","typ":"at+jwt"}`, payload(nil)))
	wantErr(t, err, token.ErrSignature)
	if k := must(token.NewKey("Ed25519", "", publicHalf(h))); k.Algorithm() != token.EdDSA || k.ID() != h.key.ID() {
		t.Errorf("a key made for Ed25519 is %v", k)
	}
	raw, _, err := issue(h.issuer(), token.Spec{Subject: "u", ClientID: "c"})
	if header, _, _ := token.Peek(raw); err != nil || header.Algorithm != "EdDSA" || !strings.HasPrefix(raw, b64(`{"alg":"EdDSA"`)[:16]) {
		t.Errorf("we write %+v, %v", header, err)
	}
}

// RFC 7518 §3.5: the salt is as long as the hash. golang-jwt takes any.
func TestPSSSaltLength(t *testing.T) {
	t.Parallel()
	for _, h := range allHands() {
		method, ok := h.method.(*jwt.SigningMethodRSAPSS)
		if !ok {
			continue
		}
		for salt, want := range map[int]error{rsa.PSSSaltLengthEqualsHash: nil, 20: token.ErrSignature, 1: token.ErrSignature, rsa.PSSSaltLengthAuto: token.ErrSignature} {
			odd := h
			odd.method = &jwt.SigningMethodRSAPSS{SigningMethodRSA: method.SigningMethodRSA, Options: &rsa.PSSOptions{SaltLength: salt}}
			_, err := verify(h.verifier(), odd.token(payload(nil)))
			wantErr(t, err, want)
		}
	}
}

// Every algorithm but HMAC signs by a crypto.Signer that is somewhere else.
func TestEveryAlgorithmSignsElsewhere(t *testing.T) {
	t.Parallel()
	for _, h := range allHands() {
		private, ok := h.private.(crypto.Signer)
		if !ok {
			continue
		}
		t.Run(h.String(), func(t *testing.T) {
			t.Parallel()
			far := h
			far.key = must(token.NewSigningKey(token.Algorithm(h.method.Alg()), "k", remoteSigner{Signer: private}))
			raw, _, err := issue(far.issuer(), token.Spec{Subject: "u", ClientID: "c"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := verify(h.verifier(), raw); err != nil {
				t.Error(err)
			}
		})
	}
}

// Written as JWK and as PEM and read again, each key is for its algorithm.
func TestKeysKeepTheirAlgorithm(t *testing.T) {
	t.Parallel()
	for _, h := range allHands() {
		alg := token.Algorithm(h.method.Alg())
		if strings.HasPrefix(string(alg), "HS") {
			continue
		}
		t.Run(string(alg), func(t *testing.T) {
			t.Parallel()
			var set jose.JSONWebKeySet
			jwks := must(token.MarshalJWKS(h.key.Public()))
			if err := json.Unmarshal(jwks, &set); err != nil || len(set.Keys) != 1 || set.Keys[0].Algorithm != string(alg) {
				t.Fatalf("go-jose reads %s, %v", jwks, err)
			}
			if k := must(token.ParseJWK(must(json.Marshal(set.Keys[0])))); k.Algorithm() != alg || k.ID() != "k" {
				t.Errorf("the JWK is read as %v", k)
			}
			if k := must(token.ParseSigningJWK(jwkOf(h.private, members{"alg": string(alg)}))); k.Algorithm() != alg {
				t.Errorf("the private JWK is read as %v", k)
			}
			if k := must(token.ParsePEM(must(h.key.MarshalPKCS8()), alg)); k.Algorithm() != alg {
				t.Errorf("the PEM is read as %v", k)
			}
			der := must(x509.MarshalPKIXPublicKey(publicHalf(h)))
			if k := must(token.ParsePublicPEM([]byte(block("PUBLIC KEY", der)), alg)); k.Algorithm() != alg {
				t.Errorf("the public PEM is read as %v", k)
			}
		})
	}
}

// checklist: I7
func TestGenerateEveryKey(t *testing.T) {
	t.Parallel()
	for _, alg := range []token.Algorithm{"Ed25519", token.ES384, token.ES512, token.PS256, token.HS384, token.HS512} {
		a, b := must(token.GenerateKey(alg)), must(token.GenerateKey(alg))
		if want := must(token.ParseAlgorithm(string(alg))); a.Algorithm() != want || a.ID() == b.ID() {
			t.Errorf("%s: %v, %v", alg, a, b)
		}
	}
}

// checklist: I7
func Test24EveryHMACSecret(t *testing.T) {
	t.Parallel()
	for alg, least := range map[token.Algorithm]int{token.HS256: 32, token.HS384: 48, token.HS512: 64} {
		if _, err := token.NewHMACKey("", make([]byte, least-1), alg); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("at least %d", least)) {
			t.Errorf("%s with %d bytes: %v", alg, least-1, err)
		}
		if k := must(token.NewHMACKey("", make([]byte, least), alg)); k.Algorithm() != alg {
			t.Errorf("%v", k)
		}
	}
	secret := make([]byte, 64)
	for want, algs := range map[string][]token.Algorithm{
		"takes no secret": {token.RS256}, "not supported": {"none"}, "a key has one": {token.HS256, token.HS512},
	} {
		if k, err := token.NewHMACKey("", secret, algs...); err == nil || !strings.Contains(err.Error(), want) || k != nil {
			t.Errorf("%v: %v", algs, err)
		}
	}
	if _, err := token.NewStaticKeys(must(token.NewHMACKey("", secret)).Public(), must(token.NewHMACKey("", secret, token.HS512)).Public()); err == nil {
		t.Error("one secret is in a set twice, for two algorithms")
	}
}
