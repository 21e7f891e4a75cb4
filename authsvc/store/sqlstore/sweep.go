package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// sweep deletes rows of one table whose time has come.
type sweep struct {
	text string
	kept time.Duration // after the time in the row
}

func newSweeps(f fragments) []sweep {
	var sweeps []sweep
	for _, t := range []struct {
		table, key, at string
		kept           time.Duration
	}{
		{"session", "id", "expires", 0},
		{"attempt", "key", "last_at", store.AttemptsForgotten},
		{"known", "key", "expires", 0},
		{"revoked_token", "id", "expires", 0},
		{"used_once", "key", "expires", 0},
		{"revocation_event", "seq", "expires", 0},
		{"audit", "seq", "at", store.AuditKept},
	} {
		sweeps = append(sweeps, sweep{kept: t.kept, text: fmt.Sprintf(`DELETE FROM %[1]s WHERE %[2]s IN
			(SELECT %[2]s FROM %[1]s WHERE %[3]s <= %[4]s - $2 ORDER BY %[2]s LIMIT $3%[5]s)`,
			t.table, t.key, t.at, f.now, f.exclusive)})
	}
	return sweeps
}

// Sweep implements [store.Sessions].
func (s *Store) Sweep(ctx context.Context, limit int) (n int, err error) {
	for _, sweep := range s.text.sweeps {
		err := s.write(ctx, "sweep", func(ctx context.Context) error {
			gone, err := affected(s.db.ExecContext(ctx, sweep.text, s.clock(), sweep.kept.Microseconds(), max(limit-n, 0)))
			n += int(gone)
			return err
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
