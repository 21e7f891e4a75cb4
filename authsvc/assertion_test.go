package authsvc_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// signer is a client's private key, and what signs with it: another library
// than ours, as clients have.
type signer struct {
	key    crypto.Signer
	method jwt.SigningMethod
	alg    token.Algorithm
}

func edSigner(t testing.TB) signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key, jwt.SigningMethodEdDSA, token.EdDSA}
}

func (s signer) jwks(t testing.TB) []byte {
	t.Helper()
	key, err := token.NewKey(s.alg, "", s.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	set, err := token.MarshalJWKS(key)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func (s signer) sign(t testing.TB, claims jwt.MapClaims, header map[string]any) string {
	t.Helper()
	unsigned := jwt.NewWithClaims(s.method, claims)
	maps.Copy(unsigned.Header, header)
	for name, value := range header {
		if value == nil {
			delete(unsigned.Header, name)
		}
	}
	text, err := unsigned.SignedString(s.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// assertion is the claims of a right one, with a jti of its own, and changes.
func (w *world) assertion(changes jwt.MapClaims) jwt.MapClaims {
	claims := jwt.MapClaims{
		"iss": "crawler", "sub": "crawler", "aud": "https://auth.example", "jti": rand.Text(),
		"iat": w.clock.Now().Unix(), "exp": w.clock.Now().Add(time.Minute).Unix(),
	}
	maps.Copy(claims, changes)
	for name, value := range claims {
		if value == nil {
			delete(claims, name)
		}
	}
	return claims
}

// addKeyed puts the crawler into the store, with a key in place of a secret.
func (w *world) addKeyed(key signer, changes ...func(*store.Client)) {
	w.t.Helper()
	keyed := func(c *store.Client) { c.Secrets, c.JWKS = nil, key.jwks(w.t) }
	w.addClient(append([]func(*store.Client){keyed}, changes...)...)
}

func byAssertion(id, assertion string) *grpcauthv1.IssueClientTokenRequest {
	return &grpcauthv1.IssueClientTokenRequest{ClientId: id, Proof: &grpcauthv1.IssueClientTokenRequest_ClientAssertion{ClientAssertion: assertion}}
}

// checklist: C1
func TestAClientProvesItselfByAnAssertion(t *testing.T) {
	t.Parallel()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]signer{
		"EdDSA": edSigner(t), "ES256": {curve, jwt.SigningMethodES256, token.ES256},
		"RS256": {big, jwt.SigningMethodRS256, token.RS256}, "PS256": {big, jwt.SigningMethodPS256, token.PS256},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.addKeyed(key)
			for _, header := range []map[string]any{nil, {"typ": nil}, {"typ": "jwt"}, {"typ": "client-authentication+jwt"}, {"typ": "application/JWT"}} {
				tokens, err := w.clientToken(byAssertion("crawler", key.sign(t, w.assertion(nil), header)))
				wantRefusal(t, err, "OK")
				if err == nil && w.claims(tokens).Subject() != "client:crawler" {
					t.Errorf("the subject is %q", w.claims(tokens).Subject())
				}
			}
		})
	}
}

// checklist: C1 V1 V2 V5 V6
func TestAssertionsThatAreRefused(t *testing.T) {
	t.Parallel()
	key, stranger := edSigner(t), edSigner(t)
	w := newWorld(t)
	w.addKeyed(key, func(c *store.Client) { c.Scopes = append(c.Scopes, "grpcauth.introspect") })
	w.addKeyed(stranger, func(c *store.Client) { c.ID = "stranger" })
	in := func(d time.Duration) int64 { return w.clock.Now().Add(d).Unix() }
	mine, err := w.clientToken(byAssertion("crawler", key.sign(t, w.assertion(nil), nil)))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		claims jwt.MapClaims
		header map[string]any
		ok     bool
	}{
		"aud as a list of us":            {claims: jwt.MapClaims{"aud": []string{"https://auth.example"}}, ok: true},
		"exp five minutes ahead":         {claims: jwt.MapClaims{"exp": in(5 * time.Minute)}, ok: true},
		"exp passed within the leeway":   {claims: jwt.MapClaims{"exp": in(-29 * time.Second)}, ok: true},
		"no iat":                         {claims: jwt.MapClaims{"iat": nil}, ok: true},
		"iat ahead within the leeway":    {claims: jwt.MapClaims{"iat": in(30 * time.Second)}, ok: true},
		"no aud":                         {claims: jwt.MapClaims{"aud": nil}},
		"aud empty":                      {claims: jwt.MapClaims{"aud": []string{}}},
		"aud is another's":               {claims: jwt.MapClaims{"aud": "https://evil.example"}},
		"aud is us and others":           {claims: jwt.MapClaims{"aud": []string{"https://auth.example", "https://evil.example"}}},
		"aud is us twice":                {claims: jwt.MapClaims{"aud": []string{"https://auth.example", "https://auth.example"}}},
		"aud with a slash":               {claims: jwt.MapClaims{"aud": "https://auth.example/"}},
		"aud is a method":                {claims: jwt.MapClaims{"aud": "https://auth.example/grpcauth.v1.AuthService/IssueClientToken"}},
		"aud is an audience of ours":     {claims: jwt.MapClaims{"aud": "notes"}},
		"no exp":                         {claims: jwt.MapClaims{"exp": nil}},
		"exp passed":                     {claims: jwt.MapClaims{"exp": in(-30 * time.Second)}},
		"exp far ahead":                  {claims: jwt.MapClaims{"exp": in(5*time.Minute + 31*time.Second)}},
		"exp at the end of time":         {claims: jwt.MapClaims{"exp": float64(1 << 53)}},
		"exp as text":                    {claims: jwt.MapClaims{"exp": "9999999999"}},
		"nbf ahead":                      {claims: jwt.MapClaims{"nbf": in(31 * time.Second)}},
		"iat ahead":                      {claims: jwt.MapClaims{"iat": in(31 * time.Second)}},
		"no jti":                         {claims: jwt.MapClaims{"jti": nil}},
		"jti empty":                      {claims: jwt.MapClaims{"jti": ""}},
		"jti is a number":                {claims: jwt.MapClaims{"jti": 1}},
		"sub is another client":          {claims: jwt.MapClaims{"sub": "stranger"}},
		"sub as in our tokens":           {claims: jwt.MapClaims{"sub": "client:crawler"}},
		"no sub":                         {claims: jwt.MapClaims{"sub": nil}},
		"iss is another client":          {claims: jwt.MapClaims{"iss": "stranger"}},
		"iss and sub are another client": {claims: jwt.MapClaims{"iss": "stranger", "sub": "stranger"}},
		"iss is us":                      {claims: jwt.MapClaims{"iss": "https://auth.example"}},
		"no iss":                         {claims: jwt.MapClaims{"iss": nil}},
		"an access token":                {header: map[string]any{"typ": "at+jwt"}},
		"another kind":                   {header: map[string]any{"typ": "password-reset+jwt"}},
		"crit":                           {header: map[string]any{"crit": []string{"b64"}}},
		"an unknown kid":                 {header: map[string]any{"kid": "nobody's"}},
		"its own key in the header":      {header: map[string]any{"kid": "me", "jwk": map[string]string{"kty": "OKP"}}},
	} {
		w.clock.advance(time.Hour) // failures are not what this is about
		claims := w.assertion(nil)
		for name, value := range tc.claims {
			if seconds, ok := value.(int64); ok {
				value = seconds + int64(w.clock.Now().Sub(newClock().Now()).Seconds())
			}
			claims[name] = value
			if value == nil {
				delete(claims, name)
			}
		}
		_, err := w.clientToken(byAssertion("crawler", key.sign(t, claims, tc.header)))
		want := "Unauthenticated INVALID_CLIENT"
		if tc.ok {
			want = "OK"
		}
		if got := refusal(err); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	right := key.sign(t, w.assertion(nil), nil)
	for name, req := range map[string]*grpcauthv1.IssueClientTokenRequest{
		"one of another key":           byAssertion("crawler", stranger.sign(t, w.assertion(nil), nil)),
		"for another client":           byAssertion("stranger", right),
		"for a client of no keys":      byAssertion("default", right),
		"our own access token":         byAssertion("crawler", mine.GetAccessToken()),
		"without its signature":        byAssertion("crawler", right[:len(right)-86]),
		"junk":                         byAssertion("crawler", "junk"),
		"alg none":                     byAssertion("crawler", unsigned(t, w.assertion(nil))),
		"HS256 under the public key":   byAssertion("crawler", confused(t, key, w.assertion(nil), key.key.Public().(ed25519.PublicKey))),
		"HS256 under the key's JWKS":   byAssertion("crawler", confused(t, key, w.assertion(nil), key.jwks(t))),
		"HS256 under the PKIX of it":   byAssertion("crawler", confused(t, key, w.assertion(nil), pkix(t, key))),
		"HS256 under an empty secret":  byAssertion("crawler", confused(t, key, w.assertion(nil), nil)),
		"the JWKS in place of a token": byAssertion("crawler", string(key.jwks(t))),
	} {
		w.clock.advance(time.Hour)
		_, err := w.clientToken(req)
		if got := refusal(err); got != "Unauthenticated INVALID_CLIENT" {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

func unsigned(t *testing.T, claims jwt.MapClaims) string {
	t.Helper()
	text, err := jwt.NewWithClaims(jwt.SigningMethodNone, claims).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// confused is an assertion that was signed with what everybody knows.
func confused(t *testing.T, key signer, claims jwt.MapClaims, secret []byte) string {
	t.Helper()
	public, err := token.NewKey(key.alg, "", key.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	unsigned := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	unsigned.Header["kid"] = public.ID()
	text, err := unsigned.SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func pkix(t *testing.T, key signer) []byte {
	t.Helper()
	raw, err := x509.MarshalPKIXPublicKey(key.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// checklist: C1
func TestAnAssertionIsUsedOnce(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		key, other := edSigner(t), edSigner(t)
		w := newWorld(t, open.use)
		w.addKeyed(key)
		w.addKeyed(other, func(c *store.Client) { c.ID = "other" })
		claims := w.assertion(nil)
		text := key.sign(t, claims, nil)
		var won atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				_, err := w.IssueClientToken(t.Context(), byAssertion("crawler", text))
				if err == nil {
					won.Add(1)
					return
				}
				wantRefusal(t, err, "Unauthenticated INVALID_CLIENT")
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d of 8 concurrent uses won", won.Load())
		}
		again := key.sign(t, w.assertion(jwt.MapClaims{"jti": claims["jti"]}), nil)
		_, err := w.clientToken(byAssertion("crawler", again))
		wantRefusal(t, err, "Unauthenticated INVALID_CLIENT")
		theirs := w.assertion(jwt.MapClaims{"jti": claims["jti"], "iss": "other", "sub": "other"})
		_, err = w.clientToken(byAssertion("other", other.sign(t, theirs, nil)))
		wantRefusal(t, err, "OK") // ids are each client's own

		// Until it expires it is remembered, whatever is swept.
		w.clock.advance(time.Minute + 29*time.Second)
		if _, err := w.store.Sweep(t.Context(), 1000); err != nil {
			t.Fatal(err)
		}
		_, err = w.clientToken(byAssertion("crawler", text))
		wantRefusal(t, err, "Unauthenticated INVALID_CLIENT")
	})
}

// A key that the operator takes away is good for nothing more.
func TestKeysOfAClientAreReplaced(t *testing.T) {
	t.Parallel()
	old, next := edSigner(t), edSigner(t)
	w := newWorld(t)
	w.addKeyed(old)
	w.changeClient("crawler", func(c *store.Client) { c.JWKS = next.jwks(t) })
	_, err := w.clientToken(byAssertion("crawler", old.sign(t, w.assertion(nil), nil)))
	wantRefusal(t, err, "Unauthenticated INVALID_CLIENT")
	_, err = w.clientToken(byAssertion("crawler", next.sign(t, w.assertion(nil), nil)))
	wantRefusal(t, err, "OK")
}
