package token

import (
	"context"
	"errors"
	"fmt"
)

// KeySet finds the key of one issuer that verifies a token. Implementations
// must be safe for concurrent use, and must not let kid, which nobody has
// verified, choose anything but a key.
type KeySet interface {
	// Key returns the key of that id. alg is what the token's header claims;
	// it decides only when kid is "", and then there must be exactly one key
	// of that algorithm. The error is [ErrUnknownKey] when there is no such
	// key, [ErrKeysUnavailable] when that can't be known now, or the
	// context's.
	Key(ctx context.Context, kid string, alg Algorithm) (*Key, error)
}

// StaticKeys is a [KeySet] that never changes. It is safe for concurrent use.
type StaticKeys struct{ ring keyRing }

// NewStaticKeys makes a set of keys. It fails when there are none, when two
// share an id, and when an HMAC key stands beside others of another kind: a
// public key must never be usable as a secret (RFC 8725 §3.1).
func NewStaticKeys(keys ...*Key) (*StaticKeys, error) {
	if len(keys) == 0 {
		return nil, errors.New("token: key set is empty: give it at least one key")
	}
	ring := keyRing{}
	for _, k := range keys {
		if !k.isMade() {
			return nil, errNoKey
		}
		if k.symmetric() != keys[0].symmetric() {
			return nil, errors.New("token: HMAC and public keys can't share a set: trust two issuers")
		}
		if _, taken := ring[k.id]; taken {
			return nil, fmt.Errorf("token: two keys have the id %q: give each its own", k.id)
		}
		ring[k.id] = k
	}
	return &StaticKeys{ring: ring}, nil
}

// Key implements [KeySet]. Its only error is [ErrUnknownKey].
func (s *StaticKeys) Key(_ context.Context, kid string, alg Algorithm) (*Key, error) {
	if k, ok := s.ring.find(kid, alg); ok {
		return k, nil
	}
	return nil, ErrUnknownKey
}

// keyRing is keys by id. It is not changed once it is shared.
type keyRing map[string]*Key

func (r keyRing) find(kid string, alg Algorithm) (*Key, bool) {
	if kid != "" {
		k, ok := r[kid]
		return k, ok
	}
	var only *Key
	for _, k := range r {
		if k.algorithm != alg {
			continue
		}
		if only != nil {
			return nil, false
		}
		only = k
	}
	return only, only != nil
}
