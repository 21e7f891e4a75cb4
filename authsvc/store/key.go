package store

import (
	"context"
	"time"
)

// SigningKey is a private key that the caller has encrypted.
type SigningKey struct {
	// ID is the key's `kid`.
	ID string
	// Algorithm is the key's `alg`.
	Algorithm string
	// Sealed is the encrypted private key. The store can't open it.
	Sealed []byte `json:"-"`
	// CreatedAt is when the key was made.
	CreatedAt time.Time
}

// Keys keeps the service's own signing keys.
type Keys interface {
	// AddFirstKey stores k if there is no key yet, and returns the first key
	// that stands then: k or somebody else's. However many processes start at
	// once, all get the same key.
	AddFirstKey(ctx context.Context, k SigningKey) (SigningKey, error)

	// SigningKeys lists every key, the oldest first.
	SigningKeys(ctx context.Context) ([]SigningKey, error)
}
