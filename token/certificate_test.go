package token_test

import (
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

// The example of RFC 8705 appendix A: a certificate (figure 6), and the claim
// that names it (figure 5).
const (
	exampleCertificate = `-----BEGIN CERTIFICATE-----
MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx
ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ
/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID
SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV
bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=
-----END CERTIFICATE-----
`
	exampleThumbprint = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"
)

// checklist: C3
func TestATokenNamesTheCertificateItIsFor(t *testing.T) {
	t.Parallel()
	block, _ := pem.Decode([]byte(exampleCertificate))
	certificate := must(x509.ParseCertificate(block.Bytes))
	h := hands()[0]
	for name, tc := range map[string]struct {
		certificate *x509.Certificate
		bound       bool
		thumbprint  string
	}{
		"RFC 8705 appendix A": {certificate, true, exampleThumbprint},
		"none":                {nil, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, issued, err := issue(h.issuer(), token.Spec{Subject: "u", ClientID: "c", Certificate: tc.certificate})
			if err != nil {
				t.Fatal(err)
			}
			verified, err := verify(h.verifier(), raw)
			if err != nil {
				t.Fatal(err)
			}
			for side, claims := range map[string]*token.Claims{"issued": issued, "verified": verified} {
				if claims.Bound() != tc.bound {
					t.Errorf("%s: Bound = %t, want %t", side, claims.Bound(), tc.bound)
				}
				if got, _ := claims.Claim("cnf.x5t#S256").Text(); got != tc.thumbprint {
					t.Errorf("%s: x5t#S256 = %q, want %q", side, got, tc.thumbprint)
				}
				if tc.bound && claims.Claim("cnf").Len() != 1 {
					t.Errorf("%s: cnf has %d members", side, claims.Claim("cnf").Len())
				}
			}
		})
	}
}
