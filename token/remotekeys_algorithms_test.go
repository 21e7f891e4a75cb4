package token_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/grpcauth/grpcauth/token"
)

// An RSA key without `alg` says nothing about its padding: the issuer's
// configuration does.
func TestRemoteKeysAreForTheAlgorithmsThatAreNamed(t *testing.T) {
	t.Parallel()
	rs := hands()[2]
	set := string(must(token.MarshalJWKS(rs.key.Public())))
	for name, tc := range map[string]struct {
		set        string
		algorithms []token.Algorithm
		signed     *jwt.SigningMethodRSAPSS // nil: RS256
		want       error
	}{
		"RS256 by default":       {without(set), nil, nil, nil},
		"not PS256 by default":   {without(set), nil, jwt.SigningMethodPS256, token.ErrSignature},
		"PS256 when it is named": {without(set), []token.Algorithm{token.PS256}, jwt.SigningMethodPS256, nil},
		"then not RS256":         {without(set), []token.Algorithm{token.PS256}, nil, token.ErrSignature},
		"a key for another one":  {set, []token.Algorithm{token.ES256}, nil, token.ErrKeysUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &jwksServer{}
			server.text(tc.set)
			keys, _ := remote(t, server, func(c *token.RemoteKeysConfig) { c.Algorithms = tc.algorithms })
			signer := rs
			if tc.signed != nil {
				signer.method = tc.signed
			}
			header := fmt.Sprintf(`{"alg":%q,"typ":"at+jwt","kid":%q}`, signer.method.Alg(), rs.key.ID())
			_, err := verify(verifierOf(keys), signer.sign(header, payload(nil)))
			wantErr(t, err, tc.want)
		})
	}
}

// without is a key set whose keys don't say what they are for.
func without(set string) string { return strings.ReplaceAll(set, `"alg":"RS256"`, `"note":"none"`) }

func TestRemoteKeysForNoAlgorithm(t *testing.T) {
	t.Parallel()
	_, err := token.NewRemoteKeys(token.RemoteKeysConfig{URL: "https://auth.example/keys", Algorithms: []token.Algorithm{"none"}})
	if err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("error = %v, want one that names the algorithm", err)
	}
}
