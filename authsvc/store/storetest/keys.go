package storetest

import (
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

func testKeys(t *testing.T, f *fixture) {
	keys, err := f.SigningKeys(t.Context())
	noError(t, err)
	same(t, keys, nil)

	first := store.SigningKey{ID: "k1", Algorithm: "EdDSA", Sealed: []byte("sealed\x00"), CreatedAt: micro(f.clock.now())}
	for _, k := range []store.SigningKey{first, {ID: "k2", Algorithm: "ES256"}} {
		got, err := f.AddFirstKey(t.Context(), k)
		noError(t, err)
		same(t, got, first)
	}
	keys, err = f.SigningKeys(t.Context())
	noError(t, err)
	if len(keys) != 1 {
		t.Fatalf("%d keys, want 1", len(keys))
	}
	same(t, keys[0], first)
}
