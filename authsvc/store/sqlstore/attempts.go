package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// errTooEarly takes back what an attempt has begun to count.
var errTooEarly = errors.New("sqlstore: too early for another attempt")

// Attempt implements [store.Attempts]. The rows are locked in the order of
// their keys, so that no two wait for each other.
func (s *Store) Attempt(ctx context.Context, keys ...store.AttemptKey) (wait time.Duration, err error) {
	keys = slices.SortedFunc(slices.Values(keys), func(a, b store.AttemptKey) int { return strings.Compare(a.Key, b.Key) })
	err = s.tx(ctx, "count attempt", func(ctx context.Context, tx *sql.Conn) (err error) {
		wait, err = s.attempt(ctx, tx, keys)
		if err == nil && wait > 0 {
			return settled{errTooEarly}
		}
		return err
	})
	if errors.Is(err, errTooEarly) {
		return wait, nil
	}
	return 0, err
}

// lockAttempt locks a row and makes it where there is none, in one statement:
// between two, Forgive could delete it.
const lockAttempt = `INSERT INTO attempt (key, n, last_at, free_at) VALUES ($1, 0, 0, 0)
	ON CONFLICT (key) DO UPDATE SET n = attempt.n RETURNING n, last_at, free_at`

// attemptRow is a row of attempt, in microseconds.
type attemptRow struct{ n, last, free int64 }

func (s *Store) attempt(ctx context.Context, tx *sql.Conn, keys []store.AttemptKey) (time.Duration, error) {
	rows := make([]attemptRow, len(keys))
	for i, k := range keys {
		if err := tx.QueryRowContext(ctx, lockAttempt, k.Key).Scan(&rows[i].n, &rows[i].last, &rows[i].free); err != nil {
			return 0, err
		}
	}
	var now, until int64
	if err := tx.QueryRowContext(ctx, s.text.now, s.clock()).Scan(&now); err != nil {
		return 0, err
	}
	for i, k := range keys {
		if now-rows[i].last >= store.AttemptsForgotten.Microseconds() {
			rows[i] = attemptRow{}
		}
		if now < rows[i].last || rows[i].free <= max(now, until) { // the clock was set back, and the end of the wait is far
			continue
		}
		known, err := isKnown(ctx, tx, k.Unless, now)
		if err != nil {
			return 0, err
		}
		if !known {
			until = rows[i].free
		}
	}
	if until > now {
		return time.Duration(until-now) * time.Microsecond, nil
	}
	for i, k := range keys {
		n := rows[i].n + 1
		free := now + store.WaitAfter(int(n), k.Free).Microseconds()
		if _, err := tx.ExecContext(ctx, `UPDATE attempt SET n = $2, last_at = $3, free_at = $4 WHERE key = $1`, k.Key, n, now, free); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// isKnown reports whether an attempt with that key was right of late.
func isKnown(ctx context.Context, tx *sql.Conn, key string, now int64) (known bool, err error) {
	if key == "" {
		return false, nil
	}
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM known WHERE key = $1 AND expires > $2)`, key, now).Scan(&known)
	return known, err
}

// Forgive implements [store.Attempts].
func (s *Store) Forgive(ctx context.Context, keys ...string) error {
	return s.tx(ctx, "forgive attempts", func(ctx context.Context, tx *sql.Conn) error {
		if err := eachKey(ctx, tx, `DELETE FROM attempt WHERE key = $1`, keys); err != nil {
			return err
		}
		now, err := s.time(ctx, tx)
		if err != nil {
			return err
		}
		return eachKey(ctx, tx, `INSERT INTO known (key, expires) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET expires = $2`,
			keys, timeIn(now.Add(store.KnownFor)))
	})
}

// Pardon implements [store.Attempts].
func (s *Store) Pardon(ctx context.Context, keys ...string) error {
	return s.tx(ctx, "pardon attempts", func(ctx context.Context, tx *sql.Conn) error {
		return eachKey(ctx, tx, `UPDATE attempt SET n = n - 1 WHERE key = $1 AND n > 0`, keys)
	})
}

// eachKey runs a statement for every key, in the order that Attempt locks them
// in.
func eachKey(ctx context.Context, tx *sql.Conn, statement string, keys []string, args ...any) error {
	for _, key := range slices.Sorted(slices.Values(keys)) {
		if _, err := tx.ExecContext(ctx, statement, append([]any{key}, args...)...); err != nil {
			return err
		}
	}
	return nil
}
