package token

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
)

// parseKeys reads public keys: a JWK Set when the text begins as an object of
// JSON, else PEM.
func parseKeys(data []byte, algs []Algorithm) (keyRing, error) {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return parseJWKS(data, algs)
	}
	if len(data) > maxSetBytes {
		return nil, fmt.Errorf("over %d bytes", maxSetBytes)
	}
	return parsePEMs(data, algs)
}

// parsePEMs reads one public key or more. Unlike in a JWK Set, which is made
// for everybody, one that is of no use here is a mistake.
func parsePEMs(data []byte, algs []Algorithm) (keyRing, error) {
	ring, begun := keyRing{}, bytes.Count(data, []byte("-----BEGIN "))
	if begun > maxSetKeys {
		return nil, fmt.Errorf("has %d keys, the limit is %d", begun, maxSetKeys)
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		key, err := publicKeyOf(block, algs)
		if err != nil {
			return nil, err
		}
		if _, taken := ring[key.id]; taken {
			return nil, fmt.Errorf("has the key %s twice", key.id)
		}
		ring[key.id] = key
	}
	if len(ring) == 0 || len(ring) != begun { // the decoder skips what is cut off
		return nil, errors.New("is neither a JWK Set nor whole blocks of PEM")
	}
	return ring, nil
}
