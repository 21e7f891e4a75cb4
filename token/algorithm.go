package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// Algorithm is how tokens are signed, by its name in a header's `alg`
// (RFC 7518 §3.1, RFC 8037 §3.1). It belongs to a key: what a header says is
// only ever compared with it.
type Algorithm string

// The algorithms. EdDSA is the default to choose: it signs and verifies
// fastest among those with a public key.
const (
	EdDSA Algorithm = "EdDSA" // Ed25519
	ES256 Algorithm = "ES256" // ECDSA on P-256 with SHA-256
	RS256 Algorithm = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256
	HS256 Algorithm = "HS256" // HMAC with SHA-256: whoever verifies can also sign
)

// suite is what an algorithm is made of. Each algorithm is one row of suites,
// and nothing else in this package tells them apart by name.
type suite struct {
	name   Algorithm
	method jwt.SigningMethod // verifies; and signs where there is a secret
	secret int               // least bytes of the secret, 0 with a public key

	// With a public key only:
	hash     crypto.Hash                            // what a crypto.Signer is asked for
	check    func(public any) (any, error)          // a copy of the key, if it is sound
	encode   func(signature []byte) ([]byte, error) // from crypto.Signer's form to JWS
	generate func() (crypto.Signer, error)          // a new key
}

// suites is the table of algorithms. Nothing writes to it.
var suites = []suite{
	{
		name: EdDSA, method: jwt.SigningMethodEdDSA,
		hash: crypto.Hash(0), check: checkEd25519, encode: encodeAsIs,
		generate: func() (crypto.Signer, error) {
			_, private, err := ed25519.GenerateKey(rand.Reader)
			return private, err
		},
	},
	{
		name: ES256, method: jwt.SigningMethodES256,
		hash: crypto.SHA256, check: checkECDSA(elliptic.P256()), encode: encodeECDSA(32),
		generate: func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) },
	},
	{
		name: RS256, method: jwt.SigningMethodRS256,
		hash: crypto.SHA256, check: checkRSA, encode: encodeAsIs,
		generate: func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 3072) },
	},
	{
		name: HS256, method: jwt.SigningMethodHS256, secret: 32,
	},
}

func suiteOf(alg Algorithm) (*suite, bool) {
	for i := range suites {
		if suites[i].name == alg {
			return &suites[i], true
		}
	}
	return nil, false
}

// needSuite is suiteOf for those who were given a name to use.
func needSuite(alg Algorithm) (*suite, error) {
	if s, ok := suiteOf(alg); ok {
		return s, nil
	}
	names := make([]string, len(suites))
	for i := range suites {
		names[i] = string(suites[i].name)
	}
	return nil, fmt.Errorf("token: algorithm %.20q is not supported: want one of %s", alg, strings.Join(names, ", "))
}

// ParseAlgorithm reads the name of an algorithm, which is case-sensitive. It
// fails for every name that is not one of the constants, so for "none".
func ParseAlgorithm(name string) (Algorithm, error) {
	alg := Algorithm(name)
	if _, err := needSuite(alg); err != nil {
		return "", err
	}
	return alg, nil
}

// algorithmFor is the algorithm of a public key that comes without one.
func algorithmFor(public any) (Algorithm, error) {
	switch public.(type) {
	case ed25519.PublicKey:
		return EdDSA, nil
	case *ecdsa.PublicKey:
		return ES256, nil
	case *rsa.PublicKey:
		return RS256, nil
	}
	return "", fmt.Errorf("token: %T is not supported: want an Ed25519, P-256 or RSA key", public)
}
