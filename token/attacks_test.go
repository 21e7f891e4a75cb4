package token_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// attack is one file of testdata/attacks: lines of "name: value", whose names
// testdata/attacks/README.md explains.
type attack map[string]string

// attackOutcomes are what a file may want.
var attackOutcomes = map[string]error{
	"accepted": nil, "ErrMalformed": token.ErrMalformed, "ErrSignature": token.ErrSignature,
	"ErrUnknownKey": token.ErrUnknownKey, "ErrExpired": token.ErrExpired, "ErrNotYetValid": token.ErrNotYetValid,
	"ErrClaims": token.ErrClaims, "ErrAudience": token.ErrAudience, "ErrIssuer": token.ErrIssuer, "ErrKind": token.ErrKind,
}

// attackKinds are how the names of files begin, and how many of each there
// must be at the least.
var attackKinds = map[string]int{
	"none": 8, "confusion": 20, "signature": 12, "kid": 12, "embedded": 6, "crit": 8, "duplicate": 10, "case": 5,
	"base64": 10, "json": 25, "date": 15, "typ": 12, "iss": 12, "aud": 10, "sub": 4, "size": 6, "unicode": 6,
	"jwe": 8, "key": 30, "es256": 12, "ed25519": 10, "rs256": 5, "hs256": 4,
}

// Every attack ends as its file says, and for the reason that it says: what
// it begins with is a token that is good.
//
// checklist: V1 V2 V3 V4 V5 V6 V7 V8 V9 V10 V12
func TestAttacks(t *testing.T) {
	t.Parallel()
	count := map[string]int{}
	for name, a := range attacks(t) {
		kind, _, _ := strings.Cut(name, "-")
		count[kind]++
		t.Run(name, func(t *testing.T) { t.Parallel(); a.test(t) })
	}
	if !slices.Equal(slices.Sorted(maps.Keys(count)), slices.Sorted(maps.Keys(attackKinds))) {
		t.Errorf("there are attacks of the kinds %v", slices.Sorted(maps.Keys(count)))
	}
	for kind, least := range attackKinds {
		if count[kind] < least {
			t.Errorf("%d attacks %q, want at least %d", count[kind], kind, least)
		}
	}
}

// attacks are the files by their name without ".txt".
func attacks(t testing.TB) map[string]attack {
	t.Helper()
	files := must(filepath.Glob("testdata/attacks/*.txt"))
	all := map[string]attack{}
	for _, file := range files {
		a := attack{}
		for line := range strings.Lines(string(must(os.ReadFile(file)))) {
			name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			if _, taken := a[name]; !ok || taken {
				t.Fatalf("%s: %q is no line of an attack", file, line)
			}
			a[name] = value
		}
		if len(a["why"]) < 10 {
			t.Fatalf("%s says no why", file)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".txt")] = a
	}
	return all
}

func (a attack) test(t *testing.T) {
	t.Helper()
	if a.isKey() {
		a.testKey(t)
		return
	}
	want, ok := attackOutcomes[a["want"]]
	if !ok {
		t.Fatalf("want %q is no outcome", a["want"])
	}
	v, good := a.verifier(), a.good()
	if _, err := verify(v, good.raw()); err != nil {
		t.Fatalf("the token to begin with is refused: %v", err)
	}
	raw := a.token(good)
	if raw == good.raw() {
		t.Fatal("the attack changes nothing")
	}
	claims, err := verify(v, raw)
	wantErr(t, err, want)
	if want == nil && err == nil && claims.Subject() != "user-1" {
		t.Errorf("it is accepted as %q", claims.Subject())
	}
}

// isKey reports whether the file has a key and no token.
func (a attack) isKey() bool { return a["jwk"]+a["signing-jwk"]+a["pem"]+a["secret"] != "" }

// testKey wants a key to be refused when it is made, for what the file says.
func (a attack) testKey(t *testing.T) {
	t.Helper()
	var err error
	switch {
	case a["jwk"] != "":
		_, err = token.ParseJWK([]byte(a.text(a["jwk"], nil)))
	case a["signing-jwk"] != "":
		_, err = token.ParseSigningJWK([]byte(a.text(a["signing-jwk"], nil)))
	case a["pem"] != "":
		_, err = token.ParsePublicPEM([]byte(a.text(a["pem"], nil)))
	default:
		_, err = token.NewHMACKey("", []byte(a.text(a["secret"], nil)))
	}
	switch {
	case a["want"] == "accepted" && err != nil:
		t.Errorf("it is refused: %v", err)
	case a["want"] == "refused" && (err == nil || a["says"] == "" || !strings.Contains(err.Error(), a["says"])):
		t.Errorf("error = %v, want one with %q", err, a["says"])
	case a["want"] != "accepted" && a["want"] != "refused":
		t.Errorf("want %q is no outcome of a key", a["want"])
	}
}

// verifier trusts the keys that the file names, under two names, and another
// issuer with a key of its own.
func (a attack) verifier() *token.Verifier {
	var keys []*token.Key
	for name := range strings.FieldsSeq(cmp.Or(a["trust"], "ed25519")) {
		keys = append(keys, attackHands()[name].key.Public())
	}
	trust := func(issuer string, keys ...*token.Key) token.TrustedIssuer {
		return token.TrustedIssuer{Issuer: issuer, Audiences: []string{audience, "caf\u00e9"}, Keys: must(token.NewStaticKeys(keys...))}
	}
	return must(token.NewVerifier(token.VerifierConfig{Now: clock, Issuers: []token.TrustedIssuer{
		trust(issuerName, keys...), trust("https://caf\u00e9.example", keys...),
		trust("https://other.example", attackHands()["other"].key.Public()),
	}}))
}

// attackPayload is that of a good token, in an order that stays.
func attackPayload(drop, add string) string {
	var text strings.Builder
	for _, m := range [][2]string{
		{"iss", `"` + issuerName + `"`},
		{"sub", `"user-1"`},
		{"aud", `"` + audience + `"`},
		{"client_id", `"web"`},
		{"jti", `"id-1"`},
		{"iat", fmt.Sprint(now.Unix())},
		{"exp", fmt.Sprint(now.Add(time.Minute).Unix())},
	} {
		if !slices.Contains(strings.Fields(drop), m[0]) {
			fmt.Fprintf(&text, ",%q:%s", m[0], m[1])
		}
	}
	return "{" + text.String()[1:] + add + "}"
}
