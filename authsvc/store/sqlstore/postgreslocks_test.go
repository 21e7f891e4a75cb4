package sqlstore_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
	"github.com/grpcauth/grpcauth/authsvc/store/storetest"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// Where a database makes every transaction serializable by default, the
// failures that come of it are tried again inside.
//
// checklist: R3
func TestPostgresRacesWhereAllIsSerializable(t *testing.T) {
	t.Parallel()
	storetest.Races(t, func(t testing.TB, now func() time.Time) []store.Store {
		url := testkit.Postgres(t)
		spoil(t, url, "ALTER DATABASE %s SET default_transaction_isolation = serializable")
		return []store.Store{openPostgres(t, url, sqlstore.WithNow(now))}
	})
}

// Who waited for a lock decides by the time after the wait.
func TestPostgresReadsTheTimeAfterTheLock(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	s, db := openPostgres(t, url), openPool(t, url)
	id := stand(t, s).ID
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(t.Context(), "SELECT FROM session WHERE id = $1 FOR UPDATE", id); err != nil {
		t.Fatal(err)
	}
	var inside time.Time
	updated := make(chan error, 1)
	go func() {
		updated <- s.UpdateSession(t.Context(), id, func(now time.Time, _ *store.Session) error {
			inside = now
			return nil
		})
	}()
	awaitWaiting(t, db)
	var released time.Time
	if err := tx.QueryRowContext(t.Context(), "SELECT clock_timestamp()").Scan(&released); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-updated; err != nil {
		t.Fatal(err)
	}
	if inside.Before(released) {
		t.Errorf("the time was read at %v, the lock was held until after %v", inside, released)
	}
}

// awaitWaiting waits until somebody waits for a lock in the database.
func awaitWaiting(t *testing.T, db *sql.DB) {
	t.Helper()
	for waiting := 0; waiting == 0; {
		err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
	}
}
