package sqlstore

import (
	"context"
	"database/sql"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// RaiseSubject implements [store.Subjects].
func (s *Store) RaiseSubject(ctx context.Context, subject, reason string, log ...store.Entry) error {
	return s.tx(ctx, "raise counter", func(ctx context.Context, tx *sql.Conn) error {
		if err := s.raise(ctx, tx, subject, reason); err != nil {
			return err
		}
		return s.record(ctx, tx, log)
	})
}

// raise locks the subject's row before it touches the sessions, as logins do.
// The event comes last.
func (s *Store) raise(ctx context.Context, tx *sql.Conn, subject, reason string) error {
	// A subject that was never seen counts as 1.
	var counter int64
	err := tx.QueryRowContext(ctx, `INSERT INTO subject (subject, counter) VALUES ($1, 2)
		ON CONFLICT (subject) DO UPDATE SET counter = subject.counter + 1 RETURNING counter`, subject).Scan(&counter)
	if err != nil {
		return err
	}
	if _, err = tx.ExecContext(ctx, s.text.raise, s.clock(), reason, subject); err != nil {
		return err
	}
	return s.event(ctx, tx, store.EventSubject, subject, counter)
}
