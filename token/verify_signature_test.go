package token_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

// A bad signature is a bad signature, whatever else is wrong.
// checklist: V4 V12
func Test25Signature(t *testing.T) {
	t.Parallel()
	eachHand(t, func(t *testing.T, h hand) {
		good := h.token(payload(nil))
		segments := strings.Split(good, ".")
		signature := string(must(base64.RawURLEncoding.DecodeString(segments[2])))
		other := strings.Split(h.token(payload(map[string]any{"sub": "user-2"})), ".")
		expired := payload(map[string]any{"exp": 1, "aud": "other"})
		for name, raw := range map[string]string{
			"tampered payload":        segments[0] + "." + b64(payload(map[string]any{"sub": "admin"})) + "." + segments[2],
			"swapped signature":       segments[0] + "." + segments[1] + "." + other[2],
			"signature stripped":      segments[0] + "." + segments[1] + ".",
			"signature cut":           segments[0] + "." + segments[1] + "." + b64(signature[1:]),
			"signature doubled":       segments[0] + "." + segments[1] + "." + b64(signature+signature),
			"signature of zeros":      segments[0] + "." + segments[1] + "." + b64(strings.Repeat("\x00", 64)),
			"expired, too":            segments[0] + "." + b64(expired) + "." + segments[2],
			"claims not even JSON":    segments[0] + "." + b64(fmt.Sprintf(`{"iss":%q,"sub":{{{`, issuerName)) + "." + segments[2],
			"claims with a duplicate": segments[0] + "." + b64(with(`"sub":"admin"`)) + "." + segments[2],
			"header of another kind":  b64(h.header("other+jwt")) + "." + segments[1] + "." + segments[2],
		} {
			t.Run(name, func(t *testing.T) {
				_, err := verify(h.verifier(), raw)
				wantErr(t, err, token.ErrSignature)
			})
		}
	})
}

// checklist: V2
func Test26KeysInTheHeaderAreIgnored(t *testing.T) {
	t.Parallel()
	attacker := must(token.GenerateKey(token.EdDSA))
	jwks := string(must(token.MarshalJWKS(attacker.Public())))
	jwk := strings.TrimSuffix(strings.TrimPrefix(jwks, `{"keys":[`), `]}`)
	eachHand(t, func(t *testing.T, h hand) {
		spy := &spyKeys{KeySet: must(token.NewStaticKeys(h.key.Public()))}
		v := verifierOf(spy)
		ours := fmt.Sprintf(`"alg":%q,"typ":"at+jwt","kid":%q`, h.method.Alg(), h.key.ID())
		for name, extra := range map[string]string{
			"jwk": `"jwk":` + jwk,
			"jku": `"jku":"http://127.0.0.1:1/jwks.json"`,
			"x5u": `"x5u":"http://127.0.0.1:1/cert.pem"`,
			"x5c": `"x5c":["AAAA"]`,
		} {
			t.Run(name, func(t *testing.T) {
				header := `{` + ours + `,` + extra + `}`
				if _, err := verify(v, h.sign(header, payload(nil))); err != nil {
					t.Errorf("the member is not ignored: %v", err)
				}
				forged := b64(header) + "." + b64(payload(nil)) + "." + b64(strings.Repeat("x", 64))
				_, err := verify(v, forged)
				wantErr(t, err, token.ErrSignature)
			})
		}
	})
	// Signed by the key that the header carries, and named like ours.
	h := hands()[0]
	raw, _, err := must(token.NewIssuer(token.IssuerConfig{Issuer: issuerName, Audience: []string{audience}, Key: attacker, Now: clock})).
		Issue(context.Background(), token.Spec{Subject: "admin", ClientID: "web"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = verify(h.verifier(), raw)
	wantErr(t, err, token.ErrUnknownKey)
}

// spyKeys counts who asks.
type spyKeys struct {
	token.KeySet
	asked []string
}

func (s *spyKeys) Key(ctx context.Context, kid string, alg token.Algorithm) (*token.Key, error) {
	s.asked = append(s.asked, kid)
	return s.KeySet.Key(ctx, kid, alg)
}

// An issuer that nobody trusts must not make us fetch anything.
// checklist: K2
func TestUnknownIssuerAsksForNoKey(t *testing.T) {
	t.Parallel()
	h := hands()[0]
	spy := &spyKeys{KeySet: must(token.NewStaticKeys(h.key.Public()))}
	_, err := verify(verifierOf(spy), h.token(payload(map[string]any{"iss": "https://evil.example"})))
	wantErr(t, err, token.ErrIssuer)
	if len(spy.asked) > 0 {
		t.Errorf("asked for keys %q", spy.asked)
	}
}

// The issuer is chosen by what nobody has verified, so each must be held to
// its own keys and audiences.
// checklist: V5
func TestIssuersDoNotVouchForEachOther(t *testing.T) {
	t.Parallel()
	a, b := hands()[0], hands()[1]
	v := must(token.NewVerifier(token.VerifierConfig{Now: clock, Issuers: []token.TrustedIssuer{
		{Issuer: "a", Audiences: []string{"for-a"}, Keys: must(token.NewStaticKeys(a.key.Public()))},
		{Issuer: "b", Audiences: []string{"for-b"}, Keys: must(token.NewStaticKeys(b.key.Public()))},
	}}))
	for name, tc := range map[string]struct {
		raw  string
		want error
	}{
		"a":                     {a.token(payload(map[string]any{"iss": "a", "aud": "for-a"})), nil},
		"b":                     {b.token(payload(map[string]any{"iss": "b", "aud": "for-b"})), nil},
		"a signs for b":         {a.token(payload(map[string]any{"iss": "b", "aud": "for-b"})), token.ErrUnknownKey},
		"a signs for b, no kid": {a.sign(`{"alg":"EdDSA","typ":"at+jwt"}`, payload(map[string]any{"iss": "b", "aud": "for-b"})), token.ErrSignature},
		"b's audience from a":   {a.token(payload(map[string]any{"iss": "a", "aud": "for-b"})), token.ErrAudience},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := verify(v, tc.raw)
			wantErr(t, err, tc.want)
		})
	}
	if got := v.Issuers(); len(got) != 2 || got[0] != "a" || got[1] != "b" {
		t.Errorf("issuers = %q", got)
	}
}

// checklist: V2
func TestNoKeyID(t *testing.T) {
	t.Parallel()
	one, two := hands()[0], must(token.GenerateKey(token.EdDSA))
	header := `{"alg":"EdDSA","typ":"at+jwt"}`
	for name, tc := range map[string]struct {
		keys []*token.Key
		want error
	}{
		"one key of that algorithm":                  {[]*token.Key{one.key.Public()}, nil},
		"one of that and one of another":             {[]*token.Key{one.key.Public(), hands()[1].key.Public()}, nil},
		"two of that":                                {[]*token.Key{one.key.Public(), two.Public()}, token.ErrSignature},
		"none of that":                               {[]*token.Key{hands()[1].key.Public()}, token.ErrSignature},
		"one of that, and it is another than signed": {[]*token.Key{two.Public()}, token.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := verify(verifierOf(must(token.NewStaticKeys(tc.keys...))), one.sign(header, payload(nil)))
			wantErr(t, err, tc.want)
		})
	}
}

// A key set of somebody else's must not be able to let a token in by mistake.
func TestKeySetsOfYourOwn(t *testing.T) {
	t.Parallel()
	h := hands()[0]
	raw := h.token(payload(nil))
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for name, tc := range map[string]struct {
		keys keysFunc
		want error
	}{
		"no key and no error": {func(context.Context) (*token.Key, error) { return nil, nil }, token.ErrUnknownKey},
		"the zero key":        {func(context.Context) (*token.Key, error) { return new(token.Key), nil }, token.ErrSignature},
		"unavailable":         {func(context.Context) (*token.Key, error) { return nil, token.ErrKeysUnavailable }, token.ErrKeysUnavailable},
		"the context's error": {func(ctx context.Context) (*token.Key, error) { return nil, ctx.Err() }, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := verifierOf(tc.keys).Verify(ended, raw)
			wantErr(t, err, tc.want)
		})
	}
}

type keysFunc func(ctx context.Context) (*token.Key, error)

func (f keysFunc) Key(ctx context.Context, _ string, _ token.Algorithm) (*token.Key, error) {
	return f(ctx)
}
