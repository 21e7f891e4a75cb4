package token

import (
	"crypto"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"unicode"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
)

// Key verifies tokens. It has one algorithm and one id, is immutable and safe
// for concurrent use, and prints as its id and algorithm only.
type Key struct { //nolint:recvcheck // a copy must print as little as a pointer
	id        string
	algorithm Algorithm
	sealed    sealed[material]
}

type material struct {
	method     jwt.SigningMethod
	key        any    // what method.Verify wants
	thumbprint string // of a public key, whatever its id is
	symmetric  bool
}

// NewKey makes a key of a public one: ed25519.PublicKey, *ecdsa.PublicKey or
// *rsa.PublicKey, which is copied. With an empty id it gets its RFC 7638
// thumbprint. It fails when the key does not fit the algorithm or is not
// sound: RSA of 2048 to 8192 bits with an odd exponent and not of the generator
// of CVE-2017-15361, a point on the curve, no Ed25519 point of low order. HMAC
// keys are made by [NewHMACKey].
func NewKey(alg Algorithm, id string, public any) (*Key, error) {
	s, err := needSuite(alg)
	if err != nil {
		return nil, err
	}
	if s.check == nil {
		return nil, fmt.Errorf("token: %s has no public key: make it with NewHMACKey", alg)
	}
	own, err := s.check(public)
	if err != nil {
		return nil, err
	}
	derived, err := thumbprint(own)
	if err != nil {
		return nil, err
	}
	if id == "" {
		id = derived
	}
	return newKey(s.name, id, material{method: s.method, key: own, thumbprint: derived})
}

func newKey(alg Algorithm, id string, m material) (*Key, error) {
	if err := checkKeyID(id); err != nil {
		return nil, err
	}
	return &Key{id: id, algorithm: alg, sealed: seal(&m)}, nil
}

// maxKeyID keeps headers small. Ids are thumbprints or names that people
// chose; RFC 7515 §4.1.4 sets no limit.
const maxKeyID = 256

func checkKeyID(id string) error {
	if len(id) > maxKeyID || !utf8.ValidString(id) {
		return fmt.Errorf("token: key id %.20q…: want at most %d bytes of UTF-8", id, maxKeyID)
	}
	for _, r := range id {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("token: key id %.40q: want printable characters only", id)
		}
	}
	return nil
}

// thumbprint is the RFC 7638 thumbprint with SHA-256. go-jose refuses
// Ed25519 points of low order here, under which anyone could sign.
func thumbprint(public any) (string, error) {
	sum, err := (&jose.JSONWebKey{Key: public}).Thumbprint(crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("token: key is not sound: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

// ID is what a token's `kid` header names the key by.
func (k *Key) ID() string { return k.id }

// Algorithm is the only algorithm that this key verifies.
func (k *Key) Algorithm() Algorithm { return k.algorithm }

var errNoKey = errors.New("token: the zero Key verifies nothing: make one with NewKey")

// isMade is false for nil and for the zero Key.
func (k *Key) isMade() bool { return k != nil && k.sealed.open() != nil }

// symmetric reports whether the key is a secret that signs as well.
func (k *Key) symmetric() bool { return k.sealed.open().symmetric }

// verify checks the signature of "header.payload".
func (k *Key) verify(signed string, signature []byte) error {
	m := k.sealed.open()
	if m == nil {
		return errNoKey
	}
	return m.method.Verify(signed, signature, m.key)
}

// String shows id and algorithm.
func (k Key) String() string { return "token.Key{id=" + k.id + " alg=" + string(k.algorithm) + "}" }

// GoString is String, so that %#v shows no key material.
func (k Key) GoString() string { return k.String() }

// Format is String for every verb.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue shows id and algorithm.
func (k Key) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", k.id), slog.String("alg", string(k.algorithm)))
}
