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

// attemptRow is a row of attempt, in microseconds.
type attemptRow struct{ n, last, free int64 }

func (s *Store) attempt(ctx context.Context, tx *sql.Conn, keys []store.AttemptKey) (time.Duration, error) {
	rows := make([]attemptRow, len(keys))
	var now, until int64
	for i, k := range keys {
		if err := tx.QueryRowContext(ctx, s.text.lockAttempt, s.clock(), k.Key).Scan(&rows[i].n, &rows[i].last, &rows[i].free, &now); err != nil {
			return 0, err
		}
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

// Forgive implements [store.Attempts]. The rows are locked in the order that
// Attempt locks them in.
func (s *Store) Forgive(ctx context.Context, right, pardoned []string) error {
	return s.tx(ctx, "forgive attempts", func(ctx context.Context, tx *sql.Conn) error {
		for _, key := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(right, pardoned)))) {
			forgive := pardon
			if slices.Contains(right, key) {
				forgive = s.forget
			}
			if err := forgive(ctx, tx, key); err != nil {
				return err
			}
		}
		return nil
	})
}

// forget: the last attempt with that key was right.
func (s *Store) forget(ctx context.Context, tx *sql.Conn, key string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM attempt WHERE key = $1`, key); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, s.text.know, s.clock(), store.KnownFor.Microseconds(), key)
	return err
}

// pardon takes back an attempt with that key.
func pardon(ctx context.Context, tx *sql.Conn, key string) error {
	_, err := tx.ExecContext(ctx, `UPDATE attempt SET n = n - 1 WHERE key = $1 AND n > 0`, key)
	return err
}
