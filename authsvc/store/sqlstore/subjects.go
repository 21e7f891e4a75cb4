package sqlstore

import (
	"context"
	"database/sql"
	"errors"
)

const selectCounter = `SELECT counter FROM subject WHERE subject = $1`

// SubjectCounter implements [store.Subjects]. Only a new subject costs a
// write.
func (s *Store) SubjectCounter(ctx context.Context, subject string) (counter int64, err error) {
	read := func(ctx context.Context) error {
		return s.db.QueryRowContext(ctx, selectCounter, subject).Scan(&counter)
	}
	fresh := false
	err = s.read(ctx, "read counter", func(ctx context.Context) error {
		err := read(ctx)
		fresh = errors.Is(err, sql.ErrNoRows)
		if fresh {
			return nil
		}
		return err
	})
	if err != nil || !fresh {
		return counter, err
	}
	err = s.write(ctx, "make counter", func(ctx context.Context) error {
		_, err := s.db.ExecContext(ctx, `INSERT INTO subject (subject, counter) VALUES ($1, 1) ON CONFLICT DO NOTHING`, subject)
		if err != nil {
			return err
		}
		return read(ctx)
	})
	return counter, err
}

// RaiseSubject implements [store.Subjects].
func (s *Store) RaiseSubject(ctx context.Context, subject, reason string) error {
	return s.tx(ctx, "raise counter", func(ctx context.Context, tx *sql.Conn) error {
		return s.raise(ctx, tx, subject, reason)
	})
}

// raise locks the subject's row before it touches the sessions, as logins do.
func (s *Store) raise(ctx context.Context, tx *sql.Conn, subject, reason string) error {
	// A subject that was never seen counts as 1.
	_, err := tx.ExecContext(ctx, `INSERT INTO subject (subject, counter) VALUES ($1, 2)
		ON CONFLICT (subject) DO UPDATE SET counter = subject.counter + 1`, subject)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, s.text.raise, s.clock(), reason, subject)
	return err
}
