package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// CreateSession implements [store.Sessions].
func (s *Store) CreateSession(ctx context.Context, session store.Session, counter int64, log ...store.Entry) error {
	args := append(sessionValues(session), counter)
	return s.tx(ctx, "create session", func(ctx context.Context, tx *sql.Conn) error {
		if err := s.clientStands(ctx, tx, session.ClientID); err != nil {
			return err
		}
		n, err := affected(tx.ExecContext(ctx, s.text.create, args...))
		if err != nil {
			return err
		}
		if n == 1 {
			return s.record(ctx, tx, log)
		}
		switch taken, err := taken(ctx, tx, session.ID); {
		case err != nil:
			return err
		case taken:
			return settled{store.ErrExists}
		}
		return settled{store.ErrStale}
	})
}

// clientStands refuses a disabled client. It locks the client's row until the
// insert is committed, so that who disables the client sees the session. It
// goes before all other locks.
func (s *Store) clientStands(ctx context.Context, tx *sql.Conn, id string) error {
	var disabled int64
	err := tx.QueryRowContext(ctx, s.text.shareClient, id).Scan(&disabled)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err == nil && disabled != 0:
		return settled{store.ErrStale}
	}
	return err
}

// ReplaceSession implements [store.Sessions]. The subject's row goes before the
// sessions, as in every transaction that needs both.
func (s *Store) ReplaceSession(ctx context.Context, old, reason string, session store.Session, counter int64, log ...store.Entry) error {
	insert := append(sessionValues(session), counter)
	return s.tx(ctx, "replace session", func(ctx context.Context, tx *sql.Conn) error {
		if err := s.clientStands(ctx, tx, session.ClientID); err != nil {
			return err
		}
		var stands int64
		err := tx.QueryRowContext(ctx, s.text.lockSubject, session.Subject).Scan(&stands)
		if errors.Is(err, sql.ErrNoRows) || err == nil && stands != counter {
			return settled{store.ErrStale}
		}
		if err != nil {
			return err
		}
		if err := one(tx.ExecContext(ctx, s.text.replace, s.clock(), reason, old, session.Subject))(store.ErrStale); err != nil {
			return err
		}
		if err := one(tx.ExecContext(ctx, s.text.create, insert...))(store.ErrExists); err != nil {
			return err
		}
		if err := s.event(ctx, tx, store.EventSession, old, 0); err != nil {
			return err
		}
		return s.record(ctx, tx, log)
	})
}

// one wants a statement to have changed one row, and is otherwise the answer
// that it is given.
func one(result sql.Result, err error) func(otherwise error) error {
	return func(otherwise error) error {
		n, err := affected(result, err)
		if err == nil && n != 1 {
			return settled{otherwise}
		}
		return err
	}
}

func taken(ctx context.Context, tx *sql.Conn, id string) (bool, error) {
	var one int
	err := tx.QueryRowContext(ctx, `SELECT 1 FROM session WHERE id = $1`, id).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// RotateSession implements [store.Sessions]. It is one statement, so that the
// database itself decides who wins.
func (s *Store) RotateSession(ctx context.Context, r store.Rotation) error {
	return s.writeSoon(ctx, "rotate session", func(ctx context.Context) error {
		n, err := affected(s.ready.rotate.ExecContext(ctx,
			s.clock(), bytesIn(r.NewHash), bytesIn(r.Sealed), r.Idle.Microseconds(),
			r.ID, r.Gen, bytesIn(r.CurHash), r.ClientID, bytesIn(r.KeyHash), len(r.KeyHash) > 0, r.Certificate, r.Address))
		if err != nil {
			return err
		}
		if n != 1 {
			return settled{store.ErrStale}
		}
		return nil
	})
}

// UpdateSession implements [store.Sessions].
func (s *Store) UpdateSession(ctx context.Context, id string, fn func(time.Time, *store.Session) error) error {
	return s.tx(ctx, "update session", func(ctx context.Context, tx *sql.Conn) error {
		session, err := scanSession(tx.QueryRowContext(ctx, s.text.lockSession, id))
		if err != nil {
			return err
		}
		now, err := s.time(ctx, tx)
		if err != nil {
			return err
		}
		stood := session.RevokedAt.IsZero()
		if err := fn(now, &session); err != nil {
			return settled{err}
		}
		session.ID = id
		if _, err = tx.ExecContext(ctx, updateSession, sessionChanges(session)...); err != nil {
			return err
		}
		if stood && !session.RevokedAt.IsZero() {
			if err := s.event(ctx, tx, store.EventSession, id, 0); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, session.Log)
	})
}

// Session implements [store.Sessions].
func (s *Store) Session(ctx context.Context, id string) (session store.Session, err error) {
	err = s.read(ctx, "read session", func(ctx context.Context) (err error) {
		session, err = scanSession(s.db.QueryRowContext(ctx, selectSession, id))
		return err
	})
	return session, err
}

// Renewal implements [store.Sessions]. It is one statement, which sees one
// state of the database.
func (s *Store) Renewal(ctx context.Context, id string) (r store.Renewal, err error) {
	err = s.read(ctx, "read renewal", func(ctx context.Context) (err error) {
		r, err = scanRenewal(s.ready.renewal.QueryRowContext(ctx, id))
		return err
	})
	return r, err
}

// SessionsOf implements [store.Sessions].
func (s *Store) SessionsOf(ctx context.Context, subject, after string, limit int) (page []store.Session, err error) {
	err = s.read(ctx, "list sessions", func(ctx context.Context) error {
		rows, err := s.db.QueryContext(ctx, s.text.sessionsOf, s.clock(), subject, after, max(limit, 0))
		page, err = collect(rows, err, scanSession)
		return err
	})
	return page, err
}

// time is the store's, in a transaction after its locks.
func (s *Store) time(ctx context.Context, tx *sql.Conn) (time.Time, error) {
	var now int64
	err := tx.QueryRowContext(ctx, s.text.now, s.clock()).Scan(&now)
	return timeOut(now), err
}

// clock is the value of $1 wherever a statement needs the time: NULL for the
// database's own.
func (s *Store) clock() any {
	if s.now == nil {
		return nil
	}
	return s.now().UnixMicro()
}

// affected is the number of rows a statement changed.
func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
