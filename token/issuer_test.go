package token_test

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/grpcauth/grpcauth/token"
)

func (h hand) issuer(change ...func(*token.IssuerConfig)) *token.Issuer {
	config := token.IssuerConfig{Issuer: issuerName, Audience: []string{audience}, Key: h.key, Now: clock}
	for _, c := range change {
		c(&config)
	}
	return must(token.NewIssuer(config))
}

func issue(i *token.Issuer, spec token.Spec) (string, *token.Claims, error) {
	return i.Issue(context.Background(), spec)
}

// fullSpec asks for everything.
func fullSpec() token.Spec {
	return token.Spec{
		Subject: "user-1", ClientID: "web", Audience: []string{audience, "billing"},
		Scopes: []string{"notes.read", "notes.write"}, Roles: []string{"editor", "admin"},
		SessionID: "session-1", AuthTime: now.Add(-time.Hour), ACR: "aal2", AMR: []string{"pwd", "otp"},
		Lifetime: time.Minute, Claims: map[string]any{"tier": "gold", "limits": map[string]any{"notes": 10}},
	}
}

// checklist: I1 I2 I3
func TestIssueWritesRFC9068(t *testing.T) {
	t.Parallel()
	eachHand(t, func(t *testing.T, h hand) {
		raw, _, err := issue(h.issuer(), fullSpec())
		if err != nil {
			t.Fatal(err)
		}
		// Read by golang-jwt, so that it is not only us who understand it.
		claims := jwt.MapClaims{}
		parsed, err := jwt.ParseWithClaims(raw, claims, func(*jwt.Token) (any, error) { return publicHalf(h), nil },
			jwt.WithTimeFunc(clock), jwt.WithValidMethods([]string{h.method.Alg()}), jwt.WithStrictDecoding())
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"alg": h.method.Alg(), "typ": "at+jwt", "kid": h.key.ID()} {
			if parsed.Header[name] != want {
				t.Errorf("header %s = %v, want %s", name, parsed.Header[name], want)
			}
		}
		jti, _ := claims["jti"].(string)
		delete(claims, "jti")
		got := string(must(json.Marshal(claims)))
		want := `{"acr":"aal2","amr":["pwd","otp"],"aud":["notes","billing"],"auth_time":1772362800,"client_id":"web",` +
			`"exp":1772366460,"iat":1772366400,"iss":"https://auth.example.com","limits":{"notes":10},"roles":["editor","admin"],` +
			`"scope":"notes.read notes.write","sid":"session-1","sub":"user-1","tier":"gold"}`
		if got != want {
			t.Errorf("claims = %s\nwant     %s", got, want)
		}
		if len(jti)*5 < 128 { // base32
			t.Errorf("jti %q has less than 128 bits", jti)
		}
	})
}

// publicHalf is what golang-jwt verifies with.
func publicHalf(h hand) any {
	if signer, ok := h.private.(crypto.Signer); ok {
		return signer.Public()
	}
	return h.private
}

// checklist: I2
func TestTokenIDsAreUnique(t *testing.T) {
	t.Parallel()
	issuer, seen := hands()[0].issuer(), map[string]bool{}
	for range 200 {
		_, claims, err := issue(issuer, token.Spec{Subject: "u", ClientID: "c"})
		if err != nil {
			t.Fatal(err)
		}
		if seen[claims.ID()] {
			t.Fatal("a token id came twice")
		}
		seen[claims.ID()] = true
	}
}

// What Issue returns and what Verify returns say the same.
func TestIssuedAndVerifiedClaimsAreEqual(t *testing.T) {
	t.Parallel()
	eachHand(t, func(t *testing.T, h hand) {
		raw, issued, err := issue(h.issuer(), fullSpec())
		if err != nil {
			t.Fatal(err)
		}
		verified, err := verify(h.verifier(), raw)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]*token.Claims{"issued": issued, "verified": verified} {
			t.Run(name, func(t *testing.T) { wantFullClaims(t, c, raw, h) })
		}
	})
}

func wantFullClaims(t *testing.T, c *token.Claims, raw string, h hand) {
	t.Helper()
	for name, pair := range map[string][2]string{
		"iss": {c.Issuer(), issuerName}, "sub": {c.Subject(), "user-1"}, "client_id": {c.ClientID(), "web"},
		"sid": {c.SessionID(), "session-1"}, "acr": {c.ACR(), "aal2"}, "kind": {string(c.Kind()), "at+jwt"}, "raw": {c.Raw(), raw},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s = %q, want %q", name, pair[0], pair[1])
		}
	}
	for name, pair := range map[string][2][]string{
		"aud": {c.Audience(), {audience, "billing"}}, "scope": {c.Scopes(), {"notes.read", "notes.write"}},
		"roles": {c.Roles(), {"editor", "admin"}}, "amr": {c.AMR(), {"pwd", "otp"}},
	} {
		if !slices.Equal(pair[0], pair[1]) {
			t.Errorf("%s = %q, want %q", name, pair[0], pair[1])
		}
	}
	for name, pair := range map[string][2]time.Time{
		"iat": {c.IssuedAt(), now}, "exp": {c.ExpiresAt(), now.Add(time.Minute)}, "auth_time": {c.AuthTime(), now.Add(-time.Hour)}, "nbf": {c.NotBefore(), {}},
	} {
		if !pair[0].Equal(pair[1]) {
			t.Errorf("%s = %s, want %s", name, pair[0], pair[1])
		}
	}
	if want := (token.Header{Algorithm: token.Algorithm(h.method.Alg()), KeyID: h.key.ID(), Kind: token.Access}); c.Header() != want {
		t.Errorf("header = %+v, want %+v", c.Header(), want)
	}
	if c.ID() == "" || c.Bound() {
		t.Errorf("id = %q, bound = %t", c.ID(), c.Bound())
	}
}

func TestDefaultsOfASpec(t *testing.T) {
	t.Parallel()
	_, c, err := issue(hands()[0].issuer(), token.Spec{Subject: "u", ClientID: "c"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Kind() != token.Access || !slices.Equal(c.Audience(), []string{audience}) || c.ExpiresAt().Sub(c.IssuedAt()) != 15*time.Minute {
		t.Errorf("kind %s, audience %q, lifetime %s", c.Kind(), c.Audience(), c.ExpiresAt().Sub(c.IssuedAt()))
	}
	if c.Scopes() != nil || c.Roles() != nil || c.AMR() != nil || !c.AuthTime().IsZero() || c.SessionID() != "" {
		t.Error("something was made up")
	}
}

func TestDatesAreWholeSeconds(t *testing.T) {
	t.Parallel()
	h := hands()[0]
	issuer := h.issuer(func(c *token.IssuerConfig) {
		c.Now = func() time.Time { return now.Add(999 * time.Millisecond) }
	})
	raw, c, err := issue(issuer, token.Spec{Subject: "u", ClientID: "c", AuthTime: now.Add(-time.Nanosecond), Lifetime: 1500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if !c.IssuedAt().Equal(now) || !c.ExpiresAt().Equal(now.Add(2*time.Second)) || !c.AuthTime().Equal(now.Add(-time.Second)) {
		t.Errorf("iat %s exp %s auth_time %s", c.IssuedAt(), c.ExpiresAt(), c.AuthTime())
	}
	if _, err := verify(h.verifier(), raw); err != nil {
		t.Error(err)
	}
}

func TestIssueUnderAnEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := hands()[0].issuer().Issue(ctx, token.Spec{Subject: "u", ClientID: "c"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
}

func TestIssuerConfig(t *testing.T) {
	t.Parallel()
	key := hands()[0].key
	for name, tc := range map[string]struct {
		config token.IssuerConfig
		want   string // of the error; "" for none
	}{
		"good":                      {token.IssuerConfig{Issuer: "a", Audience: []string{"x"}, Key: key}, ""},
		"a maximum below 15 min":    {token.IssuerConfig{Issuer: "a", Audience: []string{"x"}, Key: key, MaxLifetime: time.Minute}, ""},
		"45 no name":                {token.IssuerConfig{Audience: []string{"x"}, Key: key}, "set Issuer"},
		"45 no audience":            {token.IssuerConfig{Issuer: "a", Key: key}, "Audience"},
		"45 an empty audience":      {token.IssuerConfig{Issuer: "a", Audience: []string{""}, Key: key}, "Audience"},
		"45 no key":                 {token.IssuerConfig{Issuer: "a", Audience: []string{"x"}}, "set Key"},
		"45 the zero key":           {token.IssuerConfig{Issuer: "a", Audience: []string{"x"}, Key: new(token.SigningKey)}, "set Key"},
		"45 lifetime over maximum":  {token.IssuerConfig{Issuer: "a", Audience: []string{"x"}, Key: key, Lifetime: time.Hour, MaxLifetime: time.Minute}, "lifetime of 1h0m0s"},
		"45 lifetime below zero":    {token.IssuerConfig{Issuer: "a", Audience: []string{"x"}, Key: key, Lifetime: -1}, "lifetime"},
		"45 maximum below a second": {token.IssuerConfig{Issuer: "a", Audience: []string{"x"}, Key: key, MaxLifetime: 1}, "lifetime"},
	} {
		t.Run(name, func(t *testing.T) {
			i, err := token.NewIssuer(tc.config)
			if tc.want == "" {
				if err != nil || i.Name() != "a" || i.Key().ID() != key.ID() {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want one with %q", err, tc.want)
			}
		})
	}
}
