package memory

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// AddClient implements [store.Clients].
func (s *Store) AddClient(ctx context.Context, c store.Client, log ...store.Entry) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if _, taken := s.clients[c.ID]; taken {
		return store.ErrExists
	}
	s.clients[c.ID] = cloneClient(c)
	s.record(log)
	return nil
}

// Client implements [store.Clients].
func (s *Store) Client(ctx context.Context, id string) (store.Client, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return store.Client{}, err
	}
	defer unlock()
	c, ok := s.clients[id]
	if !ok {
		return store.Client{}, store.ErrNotFound
	}
	return cloneClient(c), nil
}

// UpdateClient implements [store.Clients].
func (s *Store) UpdateClient(ctx context.Context, id string, fn func(time.Time, *store.Client) error, log ...store.Entry) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	old, ok := s.clients[id]
	if !ok {
		return store.ErrNotFound
	}
	c := cloneClient(old)
	if err := fn(micro(s.now()), &c); err != nil {
		return err
	}
	c.ID, c.CreatedAt = old.ID, old.CreatedAt
	s.clients[id] = cloneClient(c)
	if old.DisabledAt.IsZero() && !c.DisabledAt.IsZero() {
		s.raiseClient(id, store.ReasonClientDisabled)
	}
	s.record(log)
	return nil
}

// Clients implements [store.Clients].
func (s *Store) Clients(ctx context.Context, after string, limit int) ([]store.Client, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var page []store.Client
	for _, id := range slices.Sorted(maps.Keys(s.clients)) {
		if len(page) < limit && id > after {
			page = append(page, cloneClient(s.clients[id]))
		}
	}
	return page, nil
}

func cloneClient(c store.Client) store.Client {
	c.Secrets, c.JWKS = clone(c.Secrets), clone(c.JWKS)
	for i, secret := range c.Secrets {
		c.Secrets[i].Hash, c.Secrets[i].CreatedAt, c.Secrets[i].Expires = clone(secret.Hash), micro(secret.CreatedAt), micro(secret.Expires)
	}
	c.Scopes, c.Audiences, c.Serves = clone(c.Scopes), clone(c.Audiences), clone(c.Serves)
	c.DisabledAt, c.CreatedAt = micro(c.DisabledAt), micro(c.CreatedAt)
	return c
}
