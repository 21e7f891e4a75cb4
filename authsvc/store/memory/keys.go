package memory

import (
	"context"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// AddFirstKey implements [store.Keys].
func (s *Store) AddFirstKey(ctx context.Context, k store.SigningKey) (store.SigningKey, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return store.SigningKey{}, err
	}
	defer unlock()
	if len(s.keys) == 0 {
		s.keys = append(s.keys, cloneKey(k))
	}
	return cloneKey(s.keys[0]), nil
}

// SigningKeys implements [store.Keys].
func (s *Store) SigningKeys(ctx context.Context) ([]store.SigningKey, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var keys []store.SigningKey
	for _, k := range s.keys {
		keys = append(keys, cloneKey(k))
	}
	return keys, nil
}
