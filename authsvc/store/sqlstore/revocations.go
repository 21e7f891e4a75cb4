package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// selectCounters gives a row always: what was never raised counts as 1. known
// is whether the subject has a row.
const selectCounters = `SELECT ledger.counter,
	coalesce((SELECT counter FROM client_counter WHERE client_id = $1), 1),
	coalesce((SELECT counter FROM subject WHERE subject = $2), 1),
	EXISTS (SELECT 1 FROM subject WHERE subject = $2)
	FROM ledger WHERE one = 1`

// Counters implements [store.Revocations]. Only a new subject costs a write.
func (s *Store) Counters(ctx context.Context, subject, clientID string) (c store.Counters, err error) {
	known := false
	read := func(ctx context.Context) error {
		return s.ready.counters.QueryRowContext(ctx, clientID, subject).Scan(&c.All, &c.Client, &c.Subject, &known)
	}
	if err = s.read(ctx, "read counters", read); err != nil || known {
		return c, err
	}
	err = s.write(ctx, "make counter", func(ctx context.Context) error {
		_, err := s.db.ExecContext(ctx, `INSERT INTO subject (subject, counter) VALUES ($1, 1) ON CONFLICT DO NOTHING`, subject)
		if err != nil {
			return err
		}
		return read(ctx)
	})
	return c, err
}

const selectStanding = `SELECT ledger.counter,
	coalesce((SELECT counter FROM client_counter WHERE client_id = $1), 1),
	coalesce((SELECT counter FROM subject WHERE subject = $2), 1),
	EXISTS (SELECT 1 FROM revoked_token WHERE id = $3),
	EXISTS (SELECT 1 FROM session WHERE id = $4 AND revoked_at = 0)
	FROM ledger WHERE one = 1`

// Standing implements [store.Revocations].
func (s *Store) Standing(ctx context.Context, token store.TokenRef) (st store.Standing, err error) {
	err = s.read(ctx, "read standing", func(ctx context.Context) error {
		var stands bool
		err := s.ready.standing.QueryRowContext(ctx, token.ClientID, token.Subject, token.ID, token.SessionID).
			Scan(&st.All, &st.Client, &st.Subject, &st.Revoked, &stands)
		st.SessionEnded = token.SessionID != "" && !stands
		return err
	})
	return st, err
}

// RevokeToken implements [store.Revocations].
func (s *Store) RevokeToken(ctx context.Context, id string, expires time.Time, log ...store.Entry) error {
	return s.tx(ctx, "revoke token", func(ctx context.Context, tx *sql.Conn) error {
		now, err := s.time(ctx, tx)
		if err != nil || timeIn(expires) <= timeIn(now) {
			return err
		}
		n, err := affected(tx.ExecContext(ctx, `INSERT INTO revoked_token (id, expires) VALUES ($1, $2) ON CONFLICT DO NOTHING`, id, timeIn(expires)))
		if err != nil || n == 0 {
			return err
		}
		if err := s.append(ctx, tx, store.Event{Kind: store.EventToken, Key: id, Expires: expires}); err != nil {
			return err
		}
		return s.record(ctx, tx, log)
	})
}

// RaiseClient implements [store.Revocations].
func (s *Store) RaiseClient(ctx context.Context, clientID, reason string, log ...store.Entry) error {
	return s.patient().tx(ctx, "raise client", func(ctx context.Context, tx *sql.Conn) error {
		if err := s.raiseClient(ctx, tx, clientID, reason); err != nil {
			return err
		}
		return s.record(ctx, tx, log)
	})
}

func (s *Store) raiseClient(ctx context.Context, tx *sql.Conn, clientID, reason string) error {
	var counter int64
	err := tx.QueryRowContext(ctx, `INSERT INTO client_counter (client_id, counter) VALUES ($1, 2)
		ON CONFLICT (client_id) DO UPDATE SET counter = client_counter.counter + 1 RETURNING counter`, clientID).Scan(&counter)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, s.text.raiseClient, s.clock(), reason, clientID); err != nil {
		return err
	}
	return s.event(ctx, tx, store.EventClient, clientID, counter)
}

// Recover implements [store.Revocations].
func (s *Store) Recover(ctx context.Context, reason string, log ...store.Entry) error {
	return s.patient().tx(ctx, "recover", func(ctx context.Context, tx *sql.Conn) error {
		for _, raise := range []string{
			`UPDATE subject SET counter = counter + $1`,
			`UPDATE client_counter SET counter = counter + $1`,
		} {
			if _, err := tx.ExecContext(ctx, raise, store.FarAhead); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, s.text.revokeAll, s.clock(), reason); err != nil {
			return err
		}
		var counter int64
		err := tx.QueryRowContext(ctx, `UPDATE ledger SET epoch = epoch + 1, counter = counter + $1 WHERE one = 1 RETURNING counter`, store.FarAhead).Scan(&counter)
		if err != nil {
			return err
		}
		if err := s.event(ctx, tx, store.EventAll, "", counter); err != nil {
			return err
		}
		return s.record(ctx, tx, log)
	})
}

// UseOnce implements [store.Revocations].
func (s *Store) UseOnce(ctx context.Context, key string, until time.Time) error {
	return s.write(ctx, "use once", func(ctx context.Context) error {
		return one(s.db.ExecContext(ctx, `INSERT INTO used_once (key, expires) VALUES ($1, $2) ON CONFLICT DO NOTHING`, key, timeIn(until)))(store.ErrExists)
	})
}
