package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// Ledger implements [store.Revocations].
func (s *Store) Ledger(ctx context.Context) (l store.Ledger, err error) {
	err = s.read(ctx, "read ledger", func(ctx context.Context) error {
		return s.db.QueryRowContext(ctx, `SELECT epoch, seq, counter, audit_seq FROM ledger WHERE one = 1`).Scan(&l.Epoch, &l.Seq, &l.All, &l.Audit)
	})
	return l, err
}

// Events implements [store.Revocations].
func (s *Store) Events(ctx context.Context, after int64, limit int) (page []store.Event, err error) {
	err = s.read(ctx, "list events", func(ctx context.Context) error {
		rows, err := s.db.QueryContext(ctx, `SELECT seq, epoch, tag, kind, key, below, expires FROM revocation_event
			WHERE seq > $1 ORDER BY seq LIMIT $2`, after, max(limit, 0))
		page, err = collect(rows, err, scanEvent)
		return err
	})
	return page, err
}

func scanEvent(row scanner) (e store.Event, err error) {
	var expires int64
	err = row.Scan(&e.Seq, &e.Epoch, &e.Tag, &e.Kind, &e.Key, &e.Below, &expires)
	e.Expires = timeOut(expires)
	return e, err
}

// event appends one that matters as long as any access token.
func (s *Store) event(ctx context.Context, tx *sql.Conn, kind store.EventKind, key string, below int64) error {
	now, err := s.time(ctx, tx)
	if err != nil {
		return err
	}
	return s.append(ctx, tx, store.Event{Kind: kind, Key: key, Below: below, Expires: now.Add(store.EventLifetime)})
}

// append locks the ledger, which everything else must come before: an identity
// column would number events in another order than they are committed in, and
// whoever follows them by number would miss one.
func (s *Store) append(ctx context.Context, tx *sql.Conn, e store.Event) error {
	err := tx.QueryRowContext(ctx, `UPDATE ledger SET seq = seq + 1 WHERE one = 1 RETURNING seq, epoch`).Scan(&e.Seq, &e.Epoch)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO revocation_event (seq, epoch, tag, kind, key, below, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		e.Seq, e.Epoch, rand.Text(), string(e.Kind), e.Key, e.Below, timeIn(e.Expires))
	return err
}
