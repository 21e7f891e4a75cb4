package token

import (
	"bytes"
	"crypto/ed25519"
	"math/big"
	"slices"
)

// isEd25519Point reports whether a public key is a point of the curve, in its
// one encoding (RFC 8032 §5.1.3). crypto/ed25519 finds out at every signature
// instead, and then calls the signature bad.
func isEd25519Point(key ed25519.PublicKey) bool {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	encoded := bytes.Clone(key)
	slices.Reverse(encoded)
	encoded[0] &= 0x7f // the sign of x
	y := new(big.Int).SetBytes(encoded)
	if y.Cmp(p) >= 0 {
		return false
	}
	// x² is (y² - 1) / (dy² + 1), where d is -121665/121666: both sides are
	// multiplied by 121666. The denominator is never 0.
	square := y.Mul(y, y)
	above := new(big.Int).Sub(square, big.NewInt(1))
	above.Mul(above, big.NewInt(121666))
	below := new(big.Int).Mul(square, big.NewInt(-121665))
	below.Add(below, big.NewInt(121666)).Mod(below, p)
	return big.Jacobi(above.Mul(above, below).Mod(above, p), p) >= 0
}
