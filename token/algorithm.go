package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // crypto.SHA256 is there only when somebody imports it
	_ "crypto/sha512" // crypto.SHA384 and crypto.SHA512, likewise
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
//
// Ed25519 has two names, `EdDSA` (RFC 8037) and the newer `Ed25519`
// (RFC 9864 §2.2). They are one algorithm here, called EdDSA wherever we name
// it: a key for it verifies tokens under either name, and ours say EdDSA.
const (
	EdDSA Algorithm = "EdDSA" // Ed25519
	ES256 Algorithm = "ES256" // ECDSA on P-256 with SHA-256
	ES384 Algorithm = "ES384" // ECDSA on P-384 with SHA-384
	ES512 Algorithm = "ES512" // ECDSA on P-521 with SHA-512
	RS256 Algorithm = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256
	RS384 Algorithm = "RS384" // RSASSA-PKCS1-v1_5 with SHA-384
	RS512 Algorithm = "RS512" // RSASSA-PKCS1-v1_5 with SHA-512
	PS256 Algorithm = "PS256" // RSASSA-PSS with SHA-256
	PS384 Algorithm = "PS384" // RSASSA-PSS with SHA-384
	PS512 Algorithm = "PS512" // RSASSA-PSS with SHA-512
	HS256 Algorithm = "HS256" // HMAC with SHA-256: whoever verifies can also sign
	HS384 Algorithm = "HS384" // HMAC with SHA-384, likewise
	HS512 Algorithm = "HS512" // HMAC with SHA-512, likewise
)

// suite is what an algorithm is made of. Each algorithm is one row of suites,
// and nothing else in this package tells them apart by name.
type suite struct {
	name   Algorithm
	method jwt.SigningMethod // verifies; and signs where there is a secret
	secret int               // least bytes of the secret, 0 with a public key

	// With a public key only:
	opts     crypto.SignerOpts                      // what a crypto.Signer is asked for
	check    func(public any) (any, error)          // a copy of the key, if it is sound
	encode   func(signature []byte) ([]byte, error) // from crypto.Signer's form to JWS
	generate func() (crypto.Signer, error)          // a new key
}

// suites is the table of algorithms. Nothing writes to it.
var suites = []suite{
	{
		name: EdDSA, method: jwt.SigningMethodEdDSA,
		opts: crypto.Hash(0), check: checkEd25519, encode: encodeAsIs, generate: generateEd25519,
	},
	suiteES(ES256, jwt.SigningMethodES256, elliptic.P256()),
	suiteES(ES384, jwt.SigningMethodES384, elliptic.P384()),
	suiteES(ES512, jwt.SigningMethodES512, elliptic.P521()),
	suiteRS(RS256, jwt.SigningMethodRS256),
	suiteRS(RS384, jwt.SigningMethodRS384),
	suiteRS(RS512, jwt.SigningMethodRS512),
	suitePS(PS256, jwt.SigningMethodPS256),
	suitePS(PS384, jwt.SigningMethodPS384),
	suitePS(PS512, jwt.SigningMethodPS512),
	// A secret as long as the hash, at least (RFC 7518 §3.2).
	{name: HS256, method: jwt.SigningMethodHS256, secret: crypto.SHA256.Size()},
	{name: HS384, method: jwt.SigningMethodHS384, secret: crypto.SHA384.Size()},
	{name: HS512, method: jwt.SigningMethodHS512, secret: crypto.SHA512.Size()},
}

// suiteES is ECDSA on a curve. Each algorithm has its own (RFC 7518 §3.4).
func suiteES(name Algorithm, method *jwt.SigningMethodECDSA, curve elliptic.Curve) suite {
	return suite{
		name: name, method: newECDSAMethod(method), opts: method.Hash, check: checkECDSA(curve), encode: encodeECDSA(method.KeySize),
		generate: func() (crypto.Signer, error) { return ecdsa.GenerateKey(curve, rand.Reader) },
	}
}

func suiteRS(name Algorithm, method *jwt.SigningMethodRSA) suite {
	verify := func(public *rsa.PublicKey, digest, signature []byte) error {
		return rsa.VerifyPKCS1v15(public, method.Hash, digest, signature)
	}
	return suite{name: name, method: newRSAMethod(method, method.Hash, verify), opts: method.Hash, check: checkRSA, encode: encodeAsIs, generate: generateRSA}
}

// suitePS is RSA with a salt as long as the hash, for signing and for
// verifying (RFC 7518 §3.5). golang-jwt's own method verifies any length.
func suitePS(name Algorithm, method *jwt.SigningMethodRSAPSS) suite {
	opts := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: method.Hash}
	verify := func(public *rsa.PublicKey, digest, signature []byte) error {
		return rsa.VerifyPSS(public, method.Hash, digest, signature, opts)
	}
	return suite{
		name: name, method: newRSAMethod(method, method.Hash, verify),
		opts: opts, check: checkRSA, encode: encodeAsIs, generate: generateRSA,
	}
}

func generateEd25519() (crypto.Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return private, err
}

func generateRSA() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 3072) }

// canonical is the name that an algorithm has here: EdDSA for Ed25519.
func canonical(alg Algorithm) Algorithm {
	if alg == "Ed25519" {
		return EdDSA
	}
	return alg
}

// suiteOf finds an algorithm by any of its names.
func suiteOf(alg Algorithm) (*suite, bool) {
	alg = canonical(alg)
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

// parseAlgorithms is a copy of names, each under its usual name.
func parseAlgorithms(names []Algorithm) ([]Algorithm, error) {
	var algorithms []Algorithm
	for _, name := range names {
		alg, err := ParseAlgorithm(string(name))
		if err != nil {
			return nil, err
		}
		algorithms = append(algorithms, alg)
	}
	return algorithms, nil
}

// ParseAlgorithm reads the name of an algorithm, which is case-sensitive;
// `Ed25519` is [EdDSA]. It fails for every other name that is not one of the
// constants, so for "none".
func ParseAlgorithm(name string) (Algorithm, error) {
	s, err := needSuite(Algorithm(name))
	if err != nil {
		return "", err
	}
	return s.name, nil
}

// algorithmFor is the algorithm of a public key that comes without one: the
// first of algs that the key fits, or of all when there are none. The error is
// that of a key which fits none of them.
func algorithmFor(public any, algs []Algorithm) (Algorithm, error) {
	if len(algs) == 0 {
		return defaultAlgorithm(public)
	}
	var failure error
	for _, alg := range algs {
		if _, err := NewKey(alg, "", public); err == nil {
			return canonical(alg), nil
		} else if failure == nil {
			failure = err
		}
	}
	return "", failure
}

// defaultAlgorithm goes by the type and the curve alone: whether the key is
// sound is for [NewKey] to say, with an error that fits.
func defaultAlgorithm(public any) (Algorithm, error) {
	switch key := public.(type) {
	case ed25519.PublicKey:
		return EdDSA, nil
	case *rsa.PublicKey:
		return RS256, nil
	case *ecdsa.PublicKey:
		for i := range suites {
			if method, ok := suites[i].method.(ecdsaMethod); ok && method.CurveBits == key.Curve.Params().BitSize {
				return suites[i].name, nil
			}
		}
	}
	return "", fmt.Errorf("token: %T is not supported: want an Ed25519, P-256, P-384, P-521 or RSA key", public)
}
