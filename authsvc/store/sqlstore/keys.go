package sqlstore

import (
	"context"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

const (
	// The condition keeps a key out when the first one was retired; the
	// conflict keeps it out when two processes insert at once.
	insertFirstKey = `INSERT INTO signing_key (position, id, algorithm, sealed, created_at)
		SELECT 1, $1, $2, $3, $4 WHERE NOT EXISTS (SELECT 1 FROM signing_key) ON CONFLICT DO NOTHING`

	selectKeys = `SELECT id, algorithm, sealed, created_at FROM signing_key ORDER BY position`
)

// AddFirstKey implements [store.Keys].
func (s *Store) AddFirstKey(ctx context.Context, k store.SigningKey) (first store.SigningKey, err error) {
	err = s.write(ctx, "add first key", func(ctx context.Context) error {
		_, err := s.db.ExecContext(ctx, insertFirstKey, k.ID, k.Algorithm, bytesIn(k.Sealed), timeIn(k.CreatedAt))
		if err != nil {
			return err
		}
		first, err = scanKey(s.db.QueryRowContext(ctx, selectKeys+` LIMIT 1`))
		return err
	})
	return first, err
}

// SigningKeys implements [store.Keys].
func (s *Store) SigningKeys(ctx context.Context) (keys []store.SigningKey, err error) {
	err = s.read(ctx, "read keys", func(ctx context.Context) error {
		rows, err := s.db.QueryContext(ctx, selectKeys)
		keys, err = collect(rows, err, scanKey)
		return err
	})
	return keys, err
}
