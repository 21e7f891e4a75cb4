package token

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rsa"
	"hash"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

// golang-jwt's methods spend a part of each verification beside the curve, the
// exponent and the hash: on big integers, and on keying the HMAC anew.
// The methods here sign as golang-jwt does and verify with memory that is used
// again. Whether a signature is right is the standard library's to say.

// worker is the memory that one verification works in.
type worker struct {
	hash            hash.Hash
	text, sum, asn1 []byte
}

// workers lends workers of one hash. It is safe for concurrent use.
type workers struct {
	pool sync.Pool // of *worker
	hash func() hash.Hash
}

func newWorkers(hash func() hash.Hash) *workers { return &workers{hash: hash} }

func (p *workers) take() *worker {
	if w, ok := p.pool.Get().(*worker); ok {
		return w
	}
	return &worker{hash: p.hash()}
}

func (p *workers) giveBack(w *worker) { p.pool.Put(w) }

// digest is the hash of signed, until the worker is used again.
func (w *worker) digest(signed string) []byte {
	w.text = append(w.text[:0], signed...)
	w.hash.Reset()
	_, _ = w.hash.Write(w.text) // a hash.Hash never fails
	w.sum = w.hash.Sum(w.sum[:0])
	return w.sum
}

type ecdsaMethod struct {
	*jwt.SigningMethodECDSA
	workers *workers
}

func newECDSAMethod(method *jwt.SigningMethodECDSA) ecdsaMethod {
	return ecdsaMethod{SigningMethodECDSA: method, workers: newWorkers(method.Hash.New)}
}

// Verify checks a signature of two numbers of fixed size (RFC 7518 §3.4).
func (m ecdsaMethod) Verify(signed string, signature []byte, key any) error {
	public, ok := key.(*ecdsa.PublicKey)
	if !ok || len(signature) != 2*m.KeySize {
		return jwt.ErrECDSAVerification
	}
	w := m.workers.take()
	defer m.workers.giveBack(w)
	w.asn1 = appendASN1(w.asn1[:0], signature[:m.KeySize], signature[m.KeySize:])
	if !ecdsa.VerifyASN1(public, w.digest(signed), w.asn1) {
		return jwt.ErrECDSAVerification
	}
	return nil
}

// appendASN1 appends the DER of SEQUENCE { INTEGER r, INTEGER s }, for numbers
// of at most 66 bytes.
func appendASN1(dst, r, s []byte) []byte {
	r, s = trimZeros(r), trimZeros(s)
	length := integerLen(r) + integerLen(s)
	dst = append(dst, 0x30)
	if length > 127 {
		dst = append(dst, 0x81)
	}
	dst = append(dst, byte(length)) //nolint:gosec // at most 138
	return appendInteger(appendInteger(dst, r), s)
}

// trimZeros leaves one byte at least: zero is an integer too, which ECDSA
// refuses by itself.
func trimZeros(n []byte) []byte {
	trimmed := bytes.TrimLeft(n, "\x00")
	if len(trimmed) == 0 {
		return n[len(n)-1:]
	}
	return trimmed
}

// padded reports whether an integer needs a zero in front, so that it is not
// taken for a negative one.
func padded(n []byte) bool { return n[0] >= 0x80 }

func integerLen(n []byte) int {
	if padded(n) {
		return 2 + 1 + len(n)
	}
	return 2 + len(n)
}

func appendInteger(dst, n []byte) []byte {
	dst = append(dst, 0x02, byte(integerLen(n)-2)) //nolint:gosec // at most 67
	if padded(n) {
		dst = append(dst, 0)
	}
	return append(dst, n...)
}

type rsaMethod struct {
	jwt.SigningMethod
	workers *workers
	check   func(public *rsa.PublicKey, digest, signature []byte) error
}

func newRSAMethod(method jwt.SigningMethod, hash crypto.Hash, check func(public *rsa.PublicKey, digest, signature []byte) error) rsaMethod {
	return rsaMethod{SigningMethod: method, workers: newWorkers(hash.New), check: check}
}

// Verify checks a signature with the padding of the method (RFC 7518 §3.3,
// §3.5).
func (m rsaMethod) Verify(signed string, signature []byte, key any) error {
	public, ok := key.(*rsa.PublicKey)
	if !ok {
		return rsa.ErrVerification
	}
	w := m.workers.take()
	defer m.workers.giveBack(w)
	return m.check(public, w.digest(signed), signature)
}

// hmacMethod is that of one secret, which it is keyed with once.
type hmacMethod struct {
	*jwt.SigningMethodHMAC
	workers *workers
}

func newHMACMethod(method *jwt.SigningMethodHMAC, secret []byte) hmacMethod {
	return hmacMethod{method, newWorkers(func() hash.Hash { return hmac.New(method.Hash.New, secret) })}
}

// Verify compares in constant time. The key is the method's own.
func (m hmacMethod) Verify(signed string, signature []byte, _ any) error {
	w := m.workers.take()
	defer m.workers.giveBack(w)
	if !hmac.Equal(signature, w.digest(signed)) {
		return jwt.ErrSignatureInvalid
	}
	return nil
}
