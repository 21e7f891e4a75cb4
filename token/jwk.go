package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
)

// jwk is a JSON Web Key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2). Members that
// are not listed are ignored. We read keys ourselves, because go-jose drops
// `key_ops`, takes duplicate members and stops at RSA keys of 4096 bits.
type jwk struct {
	Type      string    `json:"kty"`
	ID        string    `json:"kid"`
	Algorithm Algorithm `json:"alg"`
	Use       string    `json:"use"`
	Ops       []string  `json:"key_ops"`
	Curve     string    `json:"crv"`
	X         base64URL `json:"x"`
	Y         base64URL `json:"y"`
	N         base64URL `json:"n"`
	E         base64URL `json:"e"`
	// The private members.
	D     base64URL `json:"d"`
	P     base64URL `json:"p"`
	Q     base64URL `json:"q"`
	DP    base64URL `json:"dp"`
	DQ    base64URL `json:"dq"`
	QI    base64URL `json:"qi"`
	K     base64URL `json:"k"`
	Other []any     `json:"oth"`
}

// base64URL is base64url text, decoded strictly when it is read.
type base64URL []byte

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *base64URL) UnmarshalText(text []byte) (err error) {
	*b, err = decodeBase64([]byte{}, text) // not nil: the member is there
	return err
}

// ParseJWK reads a public key (RFC 7517). `alg` decides the algorithm and
// must fit the type; without it the type decides as in [ParsePEM], so that an
// RSA key is for RS256. When algorithms are named, `alg` must be one of them,
// and without it the key is for the first that it fits. `use` and `key_ops`,
// where present, must allow verifying. Private and symmetric keys are refused.
func ParseJWK(data []byte, algs ...Algorithm) (*Key, error) {
	k, err := readJWK(data, "verify")
	if err != nil {
		return nil, err
	}
	if k.isPrivate() {
		return nil, errors.New("token: JWK has private members where a public key belongs")
	}
	public, err := k.public()
	if err != nil {
		return nil, err
	}
	alg, err := k.algorithmOf(public, algs)
	if err != nil {
		return nil, err
	}
	return NewKey(alg, k.ID, public)
}

// ParseSigningJWK reads a private key (RFC 7517). `use` and `key_ops`, where
// present, must allow signing; the rest is as in [ParseJWK].
func ParseSigningJWK(data []byte, algs ...Algorithm) (*SigningKey, error) {
	k, err := readJWK(data, "sign")
	if err != nil {
		return nil, err
	}
	if len(k.D) == 0 {
		return nil, errors.New("token: JWK has no private member d: this is a public key")
	}
	public, err := k.public()
	if err != nil {
		return nil, err
	}
	alg, err := k.algorithmOf(public, algs)
	if err != nil {
		return nil, err
	}
	// Checked before the private half, whose arithmetic grows with the size.
	if _, err := NewKey(alg, k.ID, public); err != nil {
		return nil, err
	}
	private, err := k.private(public)
	if err != nil {
		return nil, err
	}
	return NewSigningKey(alg, k.ID, private)
}

// readJWK decodes what every key has. Its errors never repeat the input,
// which may be a private key.
func readJWK(data []byte, operation string) (jwk, error) {
	var k jwk
	if err := json.Unmarshal(data, &k); err != nil {
		return k, errors.New("token: JWK is not a JSON object as RFC 7517 has it, with strict base64url and no duplicates")
	}
	if k.Type == "oct" || k.K != nil {
		return k, errors.New("token: JWK is a symmetric key: make it with NewHMACKey")
	}
	if k.Use != "" && k.Use != "sig" {
		return k, fmt.Errorf("token: JWK has use %.20q: want %q", k.Use, "sig")
	}
	if k.Ops != nil && !slices.Contains(k.Ops, operation) {
		return k, fmt.Errorf("token: JWK has key_ops without %q", operation)
	}
	return k, nil
}

func (k *jwk) isPrivate() bool {
	private := [][]byte{k.D, k.P, k.Q, k.DP, k.DQ, k.QI, k.K}
	return k.Other != nil || slices.ContainsFunc(private, func(b []byte) bool { return b != nil })
}

func (k *jwk) algorithmOf(public any, algs []Algorithm) (Algorithm, error) {
	if k.Algorithm == "" {
		return algorithmFor(public, algs)
	}
	alg, err := ParseAlgorithm(string(k.Algorithm))
	isIt := func(other Algorithm) bool { return canonical(other) == alg }
	if err == nil && len(algs) > 0 && !slices.ContainsFunc(algs, isIt) {
		return "", fmt.Errorf("token: JWK is for %s: want one for %v", alg, algs)
	}
	return alg, err
}

// curves are those of RFC 7518 §6.2.1.1, by their names in `crv`.
var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

func (k *jwk) public() (any, error) {
	curve, known := curves[k.Curve]
	switch {
	case k.Type == "OKP" && k.Curve == "Ed25519":
		return ed25519.PublicKey(k.X), nil
	case k.Type == "EC" && known:
		public, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, k.X, k.Y))
		if err != nil || len(k.X) != len(k.Y) {
			return nil, fmt.Errorf("token: JWK's x and y are not a point on %s", k.Curve)
		}
		return public, nil
	case k.Type == "RSA":
		e := new(big.Int).SetBytes(k.E)
		if !e.IsInt64() || e.Int64() > maxExponent {
			return nil, errors.New("token: JWK's RSA exponent is out of range: want 65537")
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(k.N), E: int(e.Int64())}, nil
	}
	return nil, fmt.Errorf("token: JWK of type %.20q, curve %.20q is not supported: want Ed25519, P-256, P-384, P-521 or RSA", k.Type, k.Curve)
}

func (k *jwk) private(public any) (crypto.Signer, error) {
	switch public := public.(type) {
	case ed25519.PublicKey:
		if len(k.D) != ed25519.SeedSize {
			return nil, fmt.Errorf("token: JWK's d has %d bytes: want %d", len(k.D), ed25519.SeedSize)
		}
		return matching(ed25519.NewKeyFromSeed(k.D), public)
	case *ecdsa.PublicKey:
		private, err := ecdsa.ParseRawPrivateKey(public.Curve, k.D)
		if err != nil {
			return nil, errors.New("token: JWK's d is not a private key on its curve")
		}
		return matching(private, public)
	case *rsa.PublicKey:
		return k.privateRSA(public)
	}
	return nil, fmt.Errorf("token: no private form of %T", public)
}

func (k *jwk) privateRSA(public *rsa.PublicKey) (crypto.Signer, error) {
	if k.Other != nil || k.P == nil || k.Q == nil {
		return nil, errors.New("token: JWK's RSA key has not exactly two primes: want p and q, and no oth")
	}
	private := &rsa.PrivateKey{
		PublicKey: *public,
		D:         new(big.Int).SetBytes(k.D),
		Primes:    []*big.Int{new(big.Int).SetBytes(k.P), new(big.Int).SetBytes(k.Q)},
	}
	if err := private.Validate(); err != nil {
		return nil, errors.New("token: JWK's RSA members don't belong together")
	}
	private.Precompute()
	return private, nil
}

// matching is private, if public is its public half.
func matching(private crypto.Signer, public interface{ Equal(crypto.PublicKey) bool }) (crypto.Signer, error) {
	if !public.Equal(private.Public()) {
		return nil, errors.New("token: JWK's private and public members don't belong together")
	}
	return private, nil
}

// MarshalJWKS returns a JWK Set (RFC 7517 §5) with the public half of each
// key, `alg`, `kid` and `use`. HMAC keys are left out: they are secrets. No
// key at all is the set {"keys":[]}.
func MarshalJWKS(keys ...*Key) ([]byte, error) {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range keys {
		if !k.isMade() {
			return nil, errNoKey
		}
		if !k.symmetric() {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.sealed.open().key, KeyID: k.id, Algorithm: string(k.algorithm), Use: "sig"})
		}
	}
	out, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("token: encode the key set: %w", err)
	}
	return out, nil
}
