package token

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// SigningKey signs tokens. It is immutable and safe for concurrent use, as
// far as the crypto.Signer it was made of is, and prints as its id and
// algorithm only.
type SigningKey struct { //nolint:recvcheck // as Key
	public *Key
	secret sealed[secret]
}

// secret is the private half: a signer, or for HMAC nothing, because the
// verifying key's material is the secret itself.
type secret struct {
	suite  *suite
	signer crypto.Signer
}

// GenerateKey makes a new key: Ed25519, one on the algorithm's curve, RSA of
// 3072 bits, or a secret of as many random bytes as the hash has. Its id is
// derived from it.
func GenerateKey(alg Algorithm) (*SigningKey, error) {
	s, err := needSuite(alg)
	if err != nil {
		return nil, err
	}
	if s.secret > 0 {
		random := make([]byte, s.secret)
		_, _ = rand.Read(random) // never fails
		return NewHMACKey("", random, s.name)
	}
	signer, err := s.generate()
	if err != nil {
		return nil, fmt.Errorf("token: generate a key for %s: %w", alg, err)
	}
	return NewSigningKey(alg, "", signer)
}

// NewHMACKey makes a key of a shared secret, for [HS256] unless [HS384] or
// [HS512] is named. The secret must be at least as long as the hash, 32, 48 or
// 64 bytes (RFC 7518 §3.2), and is copied. Whoever has it can sign as well as
// verify. With an empty id the key gets one that is derived from the secret by
// HMAC, since a hash of the secret itself would give a guesser something to
// compare with (RFC 7638 §7).
func NewHMACKey(id string, shared []byte, alg ...Algorithm) (*SigningKey, error) {
	s, err := hmacSuite(alg)
	if err != nil {
		return nil, err
	}
	method, ok := s.method.(*jwt.SigningMethodHMAC)
	if !ok {
		return nil, fmt.Errorf("token: %s takes no secret: want HS256, HS384 or HS512", s.name)
	}
	if len(shared) < s.secret {
		return nil, fmt.Errorf("token: secret for %s has %d bytes: want at least %d random ones", s.name, len(shared), s.secret)
	}
	if id == "" {
		id = hmacKeyID(shared)
	}
	own := bytes.Clone(shared)
	key, err := newKey(s.name, id, material{method: newHMACMethod(method, own), key: own, symmetric: true})
	if err != nil {
		return nil, err
	}
	return &SigningKey{public: key, secret: seal(&secret{suite: s})}, nil
}

// hmacSuite is the one algorithm that is named, or HS256.
func hmacSuite(alg []Algorithm) (*suite, error) {
	switch len(alg) {
	case 0:
		return needSuite(HS256)
	case 1:
		return needSuite(alg[0])
	}
	return nil, fmt.Errorf("token: a secret for %d algorithms: a key has one", len(alg))
}

func hmacKeyID(shared []byte) string {
	mac := hmac.New(sha256.New, shared)
	mac.Write([]byte("grpcauth kid"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))[:22]
}

// NewSigningKey makes a key of a private one: an ed25519.PrivateKey,
// *ecdsa.PrivateKey or *rsa.PrivateKey, or a crypto.Signer that speaks to a
// key service, which is asked to sign a digest, for EdDSA the text itself, and
// for the PS algorithms with *rsa.PSSOptions. The private key must not be
// changed afterwards. It signs once to prove that both halves belong together,
// and fails when they don't, or when the public half would be refused by
// [NewKey].
func NewSigningKey(alg Algorithm, id string, private crypto.Signer) (*SigningKey, error) {
	s, err := needSuite(alg)
	if err != nil {
		return nil, err
	}
	if private == nil {
		return nil, errors.New("token: private key is nil")
	}
	if own, ok := private.(ed25519.PrivateKey); ok {
		if len(own) != ed25519.PrivateKeySize {
			return nil, fmt.Errorf("token: Ed25519 private key of %d bytes: want %d", len(own), ed25519.PrivateKeySize)
		}
		private = slices.Clone(own)
	}
	public, err := NewKey(alg, id, private.Public())
	if err != nil {
		return nil, err
	}
	k := &SigningKey{public: public, secret: seal(&secret{suite: s, signer: private})}
	if err := k.prove(); err != nil {
		return nil, err
	}
	return k, nil
}

func (k *SigningKey) prove() error {
	const probe = "grpcauth key check"
	signature, err := k.sign(probe)
	if err != nil {
		return err
	}
	if err := k.public.verify(probe, signature); err != nil {
		return fmt.Errorf("token: the private key does not belong to the public key: %w", err)
	}
	return nil
}

// sign signs "header.payload".
func (k *SigningKey) sign(signed string) ([]byte, error) {
	own := k.secret.open()
	if own == nil {
		return nil, errors.New("token: the zero SigningKey signs nothing: make one with GenerateKey")
	}
	if own.signer == nil {
		return own.suite.method.Sign(signed, k.public.sealed.open().key)
	}
	signature, err := crypto.SignMessage(own.signer, rand.Reader, []byte(signed), own.suite.opts)
	if err != nil {
		return nil, fmt.Errorf("token: sign: %w", err)
	}
	return own.suite.encode(signature)
}

// ID is what `kid` will be in the tokens that this key signs.
func (k *SigningKey) ID() string { return k.public.id }

// Algorithm is the only algorithm that this key signs with.
func (k *SigningKey) Algorithm() Algorithm { return k.public.algorithm }

// Public is the key that verifies what this one signs. For HMAC it holds the
// same secret.
func (k *SigningKey) Public() *Key { return k.public }

// MarshalPKCS8 returns the private key as PEM of PKCS#8, in the clear:
// sealing it is up to you. It fails for HMAC keys and for keys that live in a
// key service.
func (k *SigningKey) MarshalPKCS8() ([]byte, error) {
	own := k.secret.open()
	if own == nil || own.signer == nil {
		return nil, errors.New("token: an HMAC secret has no PKCS#8 form: keep the secret itself")
	}
	der, err := x509.MarshalPKCS8PrivateKey(own.signer)
	if err != nil {
		return nil, fmt.Errorf("token: the private key of %s can't be exported: %w", k.ID(), err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// String shows id and algorithm.
func (k SigningKey) String() string {
	if k.public == nil {
		return "token.SigningKey{}"
	}
	return "token.SigningKey{id=" + k.public.id + " alg=" + string(k.public.algorithm) + "}"
}

// GoString is String, so that %#v shows no key material.
func (k SigningKey) GoString() string { return k.String() }

// Format is String for every verb.
func (k SigningKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue shows id and algorithm.
func (k SigningKey) LogValue() slog.Value {
	if k.public == nil {
		return slog.GroupValue()
	}
	return k.public.LogValue()
}
