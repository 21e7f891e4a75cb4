package token

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

const (
	minRSABits  = 2048 // RFC 7518 §3.3
	maxRSABits  = 8192 // verifying with a larger one is a denial of service
	maxExponent = 1<<31 - 1
)

func checkEd25519(public any) (any, error) {
	key, ok := public.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("token: %T is not a key for EdDSA: want ed25519.PublicKey", public)
	}
	if len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("token: Ed25519 key of %d bytes: want %d", len(key), ed25519.PublicKeySize)
	}
	if !isEd25519Point(key) {
		return nil, errors.New("token: Ed25519 key is not sound: it is no point of the curve")
	}
	return ed25519.PublicKey(bytes.Clone(key)), nil
}

func checkECDSA(curve elliptic.Curve) func(any) (any, error) {
	name := curve.Params().Name
	return func(public any) (any, error) {
		key, ok := public.(*ecdsa.PublicKey)
		if !ok || key == nil {
			return nil, fmt.Errorf("token: %T is not a key for ECDSA: want *ecdsa.PublicKey", public)
		}
		if key.Curve != curve {
			return nil, fmt.Errorf("token: ECDSA key on another curve: want one on %s", name)
		}
		if key.X == nil || key.Y == nil { //nolint:staticcheck // Bytes would panic
			return nil, fmt.Errorf("token: ECDSA key is not a point on %s", name)
		}
		point, err := key.Bytes() // fails when the point is not on the curve
		if err != nil {
			return nil, fmt.Errorf("token: ECDSA key is not a point on %s", name)
		}
		return ecdsa.ParseUncompressedPublicKey(curve, point)
	}
}

func checkRSA(public any) (any, error) {
	key, ok := public.(*rsa.PublicKey)
	if !ok || key == nil || key.N == nil {
		return nil, fmt.Errorf("token: %T is not a key for RSA: want *rsa.PublicKey", public)
	}
	if bits := key.N.BitLen(); bits < minRSABits || bits > maxRSABits {
		return nil, fmt.Errorf("token: RSA key of %d bits: want %d to %d", bits, minRSABits, maxRSABits)
	}
	if key.N.Sign() < 0 || key.N.Bit(0) == 0 {
		return nil, errors.New("token: RSA modulus is even or negative: this is no RSA key")
	}
	if isROCA(key.N) {
		return nil, errors.New("token: RSA key of a broken generator (CVE-2017-15361): its factors can be found, make another")
	}
	if key.E < 3 || key.E > maxExponent || key.E%2 == 0 {
		return nil, errors.New("token: RSA exponent is not an odd number from 3 to 2^31-1: use 65537")
	}
	return &rsa.PublicKey{N: new(big.Int).Set(key.N), E: key.E}, nil
}

func encodeAsIs(signature []byte) ([]byte, error) { return signature, nil }

// encodeECDSA turns the ASN.1 that a crypto.Signer returns into the two
// numbers of fixed size that JWS wants (RFC 7518 §3.4).
func encodeECDSA(size int) func([]byte) ([]byte, error) {
	return func(signature []byte) ([]byte, error) {
		var point struct{ R, S *big.Int }
		if rest, err := asn1.Unmarshal(signature, &point); err != nil || len(rest) > 0 {
			return nil, errors.New("token: the signer's ECDSA signature is not ASN.1")
		}
		if !fits(point.R, size) || !fits(point.S, size) {
			return nil, errors.New("token: the signer's ECDSA signature is out of range")
		}
		out := make([]byte, 2*size)
		point.R.FillBytes(out[:size])
		point.S.FillBytes(out[size:])
		return out, nil
	}
}

func fits(n *big.Int, size int) bool { return n.Sign() > 0 && n.BitLen() <= 8*size }
