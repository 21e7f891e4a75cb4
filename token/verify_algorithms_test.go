package token_test

import (
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

// checklist: V1
func TestAnIssuersAlgorithmsNarrowItsKeys(t *testing.T) {
	t.Parallel()
	var keys []*token.Key
	for _, h := range hands()[:3] { // the public ones
		keys = append(keys, h.key.Public())
	}
	set := must(token.NewStaticKeys(keys...))
	v := verifierOf(set, func(c *token.VerifierConfig) {
		c.Issuers[0].Algorithms = []token.Algorithm{"Ed25519", token.ES256}
	})
	for _, h := range hands()[:3] {
		want := error(nil)
		if h.key.Algorithm() == token.RS256 {
			want = token.ErrSignature
		}
		_, err := verify(v, h.token(payload(nil)))
		wantErr(t, err, want)
	}
}

func TestAnIssuersAlgorithmsMustBeKnown(t *testing.T) {
	t.Parallel()
	h := hands()[0]
	_, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{{
		Issuer: issuerName, Audiences: []string{audience}, Algorithms: []token.Algorithm{"none"},
		Keys: must(token.NewStaticKeys(h.key.Public())),
	}}})
	if err == nil || !strings.Contains(err.Error(), issuerName) || !strings.Contains(err.Error(), "none") {
		t.Errorf("error = %v, want one that names the issuer and the algorithm", err)
	}
}
