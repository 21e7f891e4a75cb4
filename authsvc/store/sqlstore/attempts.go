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
	for i := range rows {
		if now-rows[i].last >= store.AttemptsForgotten.Microseconds() {
			rows[i] = attemptRow{}
		}
		if now >= rows[i].last { // else the clock was set back, and the end of the wait is far
			until = max(until, rows[i].free)
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

// Forgive implements [store.Attempts].
func (s *Store) Forgive(ctx context.Context, keys ...string) error {
	return s.eachAttempt(ctx, "forgive attempts", `DELETE FROM attempt WHERE key = $1`, keys)
}

// Pardon implements [store.Attempts].
func (s *Store) Pardon(ctx context.Context, keys ...string) error {
	return s.eachAttempt(ctx, "pardon attempts", `UPDATE attempt SET n = n - 1 WHERE key = $1 AND n > 0`, keys)
}

// eachAttempt runs a statement for every key, in the order that Attempt locks
// them in.
func (s *Store) eachAttempt(ctx context.Context, what, statement string, keys []string) error {
	keys = slices.Sorted(slices.Values(keys))
	return s.tx(ctx, what, func(ctx context.Context, tx *sql.Conn) error {
		for _, key := range keys {
			if _, err := tx.ExecContext(ctx, statement, key); err != nil {
				return err
			}
		}
		return nil
	})
}
