package peers_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/internal/testkit"
)

// The JWT libraries of Node.js verify what `grpcauth serve` issues, by the
// keys that it publishes.
func TestVerifiersElsewhereTakeOurTokens(t *testing.T) {
	t.Parallel()
	testkit.RequirePeers(t) // before anything is built
	program := build(t)
	for alg, libraries := range map[string][]string{
		"EdDSA": {"jose"}, // jsonwebtoken does not know it
		"ES256": {"jose", "jsonwebtoken"},
		"RS256": {"jose", "jsonwebtoken"},
	} {
		t.Run(alg, func(t *testing.T) {
			ours, other := startOurs(t, program, alg), startOurs(t, program, alg)
			for _, library := range libraries {
				t.Run(library, func(t *testing.T) { testVerifier(t, library, ours, other) })
			}
		})
	}
}

// refusals are what each library says of a token that it must not take.
var refusals = map[string]map[string]string{
	"jose": {
		"a wider scope":       "signature verification failed",
		"another's signature": "signature verification failed",
		"no signature":        "signature verification failed",
		"an unknown key":      "no applicable key found",
		"another audience":    `unexpected "aud" claim`,
		"another issuer":      `unexpected "iss" claim`,
		"another algorithm":   `"alg" (Algorithm) Header Parameter value not allowed`,
	},
	"jsonwebtoken": {
		"a wider scope":       "invalid signature",
		"another's signature": "invalid signature",
		"no signature":        "jwt signature is required",
		"an unknown key":      "Unable to find a signing key",
		"another audience":    "jwt audience invalid",
		"another issuer":      "jwt issuer invalid",
		"another algorithm":   "invalid algorithm",
	},
}

// testVerifier shows tokens of ours to a library. The other server has our
// name and a key of its own.
func testVerifier(t *testing.T, library string, ours, other ourServer) {
	good := check{Token: ours.login(t), Issuer: ourName, Audience: audience, Algorithm: ours.Algorithm}
	with := func(change func(*check)) check {
		c := good
		change(&c)
		return c
	}
	results := verifyElsewhere(t, library, ours, map[string]check{
		"good":                good,
		"a wider scope":       with(func(c *check) { c.Token = tampered(t, good.Token) }),
		"another's signature": with(func(c *check) { c.Token = swapped(good.Token, ours.login(t)) }),
		"no signature":        with(func(c *check) { c.Token = swapped(good.Token, "") }),
		"an unknown key":      with(func(c *check) { c.Token = other.login(t) }),
		"another audience":    with(func(c *check) { c.Audience = "https://elsewhere.test" }),
		"another issuer":      with(func(c *check) { c.Issuer = "https://elsewhere.test" }),
		"another algorithm":   with(func(c *check) { c.Algorithm = "PS256" }),
	})
	if got := results["good"]; got.Subject != ours.Subject || got.Error != "" {
		t.Errorf("a good token: %+v, want the subject %q", got, ours.Subject)
	}
	for name, want := range refusals[library] {
		if got := results[name]; !strings.Contains(got.Error, want) || got.Subject != "" {
			t.Errorf("%s: %+v, want an error with %q", name, got, want)
		}
	}
}

// check is a token, and what a service elsewhere wants of it.
type check struct {
	Token     string `json:"token"`
	Issuer    string `json:"issuer"`
	Audience  string `json:"audience"`
	Algorithm string `json:"algorithm"`
}

// result is what became of it.
type result struct{ Subject, Error string }

// verifyElsewhere runs the checks in Node.js with a library, by our keys.
func verifyElsewhere(t *testing.T, library string, ours ourServer, checks map[string]check) (results map[string]result) {
	t.Helper()
	request, err := json.Marshal(map[string]any{"library": library, "jwks": ours.jwksURL(), "checks": checks})
	if err != nil {
		t.Fatal(err)
	}
	cmd, _ := script(t, "verify.mjs")
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(request), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	if err := json.Unmarshal(stdout.Bytes(), &results); err != nil || len(results) != len(checks) {
		t.Fatalf("%d results of %d, %v\n%s", len(results), len(checks), err, stdout.String())
	}
	return results
}
