package token

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxSetBytes = 1 << 20
	maxSetKeys  = 100
)

// parseJWKS keeps the keys that we can verify with. RFC 7517 §5 wants the
// others ignored: those for encryption, of other types, broken, or symmetric.
// Of two with one id the first counts. algs are as in [ParseJWK].
func parseJWKS(data []byte, algs []Algorithm) (keyRing, error) {
	if len(data) > maxSetBytes {
		return nil, fmt.Errorf("over %d bytes", maxSetBytes)
	}
	var set struct {
		Keys []jsontext.Value `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil || set.Keys == nil {
		return nil, errors.New(`not a JSON object with a list "keys"`)
	}
	if len(set.Keys) > maxSetKeys {
		return nil, fmt.Errorf("has %d keys, the limit is %d", len(set.Keys), maxSetKeys)
	}
	ring := keyRing{}
	for _, data := range set.Keys {
		key, err := ParseJWK(data, algs...)
		if err != nil {
			continue
		}
		if _, taken := ring[key.id]; !taken {
			ring[key.id] = key
		}
	}
	// An empty list withdraws every key. A list we understand nothing of is a
	// fault of ours or theirs, and must not take the keys we have.
	if len(ring) == 0 && len(set.Keys) > 0 {
		return nil, errors.New("has no key that this package can verify with")
	}
	return ring, nil
}
