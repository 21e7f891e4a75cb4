package token_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

// Under a key whose exponent is 3, a number whose cube begins like a padded
// hash passes for a signature where the padding is not compared to its end
// (CVE-2006-4339). Nobody needs the private key to find one.
//
// checklist: V10
func TestCubeRootForgery(t *testing.T) {
	t.Parallel()
	key := must(token.NewKey(token.RS256, "three", rsaWith(func(k *rsa.PublicKey) { k.E = 3 })))
	signed := b64(`{"alg":"RS256","typ":"at+jwt","kid":"three"}`) + "." + b64(payload(nil))
	begin := paddedHash(signed)
	forged := cubeRoot(new(big.Int).SetBytes(append(begin, make([]byte, 256-len(begin))...)))

	cube := new(big.Int).Exp(forged, big.NewInt(3), nil).FillBytes(make([]byte, 256))
	if !bytes.HasPrefix(cube, begin) {
		t.Fatal("the forgery is not even one")
	}
	raw := signed + "." + b64(string(forged.FillBytes(make([]byte, 256))))
	_, err := verify(verifierOf(must(token.NewStaticKeys(key))), raw)
	wantErr(t, err, token.ErrSignature)
}

// paddedHash is how an encoded message of PKCS #1 v1.5 begins, with the least
// padding (RFC 8017 §9.2).
func paddedHash(text string) []byte {
	prefix := must(hex.DecodeString("0001ffffffffffffffff003031300d060960864801650304020105000420"))
	sum := sha256.Sum256([]byte(text))
	return append(prefix, sum[:]...)
}

// cubeRoot is the least number whose cube is not below n.
func cubeRoot(n *big.Int) *big.Int {
	low, high, one := new(big.Int), new(big.Int).Lsh(big.NewInt(1), uint(n.BitLen()/3+1)), big.NewInt(1)
	for low.Cmp(high) < 0 {
		middle := new(big.Int).Add(low, high)
		middle.Rsh(middle, 1)
		if new(big.Int).Exp(middle, big.NewInt(3), nil).Cmp(n) < 0 {
			low = middle.Add(middle, one)
		} else {
			high = middle
		}
	}
	return low
}
