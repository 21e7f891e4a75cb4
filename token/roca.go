package token

import "math/big"

// rocaPrimes are those for which a key of the broken generator stands out.
var rocaPrimes = [...]uint64{11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157}

// isROCA reports whether an RSA modulus has the mark of CVE-2017-15361: chips
// of TPMs, tokens and smart cards made primes of which so much is known that
// they can be found. Their products are powers of 65537 modulo every small
// prime; of other moduli one in 240 million is that by chance.
func isROCA(n *big.Int) bool {
	for _, p := range rocaPrimes {
		rest := new(big.Int).Mod(n, new(big.Int).SetUint64(p)).Uint64()
		if !isPower(rest, p) {
			return false
		}
	}
	return true
}

// isPower reports whether rest is a power of 65537 modulo the prime p.
func isPower(rest, p uint64) bool {
	for power := 65537 % p; ; power = power * 65537 % p {
		if power == rest || power == 1 {
			return power == rest
		}
	}
}
