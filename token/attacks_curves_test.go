package token_test

import (
	"crypto/ecdsa"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

// What the corpus tries on P-256 holds on every curve.
//
// checklist: V10
func TestECDSASignaturesOutOfRange(t *testing.T) {
	t.Parallel()
	for _, h := range allHands() {
		private, ok := h.private.(*ecdsa.PrivateKey)
		if !ok {
			continue
		}
		good := cutToken(h.token(payload(nil)))
		signature := string(must(base64.RawURLEncoding.DecodeString(good.S)))
		size, n := len(signature)/2, private.Params().N
		r, s := signature[:size], signature[size:]
		number := func(n *big.Int) string { return string(n.FillBytes(make([]byte, size))) }
		zero, one, order := number(new(big.Int)), number(big.NewInt(1)), number(n)
		for name, odd := range map[string]string{
			"r and s zero": zero + zero, "r zero": zero + s, "s zero": r + zero, "r and s one": one + one,
			"r the order": order + s, "s the order": r + order, "r and s the order": order + order,
			"all ones": strings.Repeat("\xff", 2*size), "swapped": s + r,
			"a byte cut": signature[1:], "a byte cut at the end": signature[:2*size-1], "a byte more": signature + "\x00",
			"a zero before each": "\x00" + r + "\x00" + s, "a byte cut from each": r[1:] + s[1:], "r alone": r, "empty": "",
		} {
			t.Run(h.String()+" "+name, func(t *testing.T) {
				good.S = b64(odd)
				_, err := verify(h.verifier(), good.raw())
				wantErr(t, err, token.ErrSignature)
			})
		}
	}
}
