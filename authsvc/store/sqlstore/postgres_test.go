package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
	"github.com/grpcauth/grpcauth/authsvc/store/storetest"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

func TestPostgresStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB, now func() time.Time) store.Store {
		return openPostgres(t, testkit.Postgres(t), sqlstore.WithNow(now))
	})
}

// checklist: R3
func TestTwoPoolsOnOnePostgres(t *testing.T) {
	t.Parallel()
	storetest.Races(t, func(t testing.TB, now func() time.Time) []store.Store {
		url := testkit.Postgres(t)
		return []store.Store{
			openPostgres(t, url, sqlstore.WithNow(now)),
			openPostgres(t, url, sqlstore.WithNow(now)),
		}
	})
}

// The clock of a session is the database's, whatever the hosts think.
func TestPostgresHasItsOwnClock(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	s, db := openPostgres(t, url), openPool(t, url)
	now := func() time.Time {
		t.Helper()
		var now time.Time
		if err := db.QueryRowContext(t.Context(), "SELECT clock_timestamp()").Scan(&now); err != nil {
			t.Fatal(err)
		}
		return now.UTC()
	}
	r := stand(t, s)
	before := now()
	if err := s.RotateSession(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	var inside time.Time
	err := s.UpdateSession(t.Context(), r.ID, func(now time.Time, _ *store.Session) error {
		inside = now
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	after := now()
	session, err := s.Session(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if session.RotatedAt.Before(before) || inside.Before(session.RotatedAt) || after.Before(inside) {
		t.Errorf("times %v, %v, %v, %v are not in order", before, session.RotatedAt, inside, after)
	}
}

// Two replicas that start at once on an empty database both come up.
func TestManyMigrateAnEmptyPostgresAtOnce(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	start := time.Now()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s, err := postgres(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			_ = s.Close()
		})
	}
	wg.Wait()
	t.Logf("all were up after %v", time.Since(start))
}

// A server whose role may not change tables can start once somebody else has
// migrated.
func TestMigrateAsksForNoRightsItDoesNotNeed(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	openPostgres(t, url)
	db := openPool(t, url)
	db.SetMaxOpenConns(1) // one session, for SET ROLE
	role := "reader_" + dbName(t, db)
	for _, statement := range []string{
		"CREATE ROLE " + role,
		"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO " + role,
		"SET ROLE " + role,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := sqlstore.Migrate(t.Context(), db, sqlstore.PostgreSQL); err != nil {
		t.Error(err)
	}
	_, err := sqlstore.New(t.Context(), db, sqlstore.PostgreSQL)
	if err != nil {
		t.Error(err)
	}
	for _, statement := range []string{"RESET ROLE", "DROP OWNED BY " + role, "DROP ROLE " + role} {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
			t.Error(err)
		}
	}
}

// Text that PostgreSQL can't hold names nobody.
func TestPostgresFindsNothingByWhatItCannotHold(t *testing.T) {
	t.Parallel()
	s := openPostgres(t, testkit.Postgres(t))
	for _, name := range []string{"ada\x00", "\xff"} {
		if _, err := s.UserByName(t.Context(), name); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q: error %v, want %v", name, err, store.ErrNotFound)
		}
		err := s.AddUser(t.Context(), store.User{Subject: "id", Username: name})
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%q: error %v, want %v", name, err, store.ErrUnavailable)
		}
	}
}

// stand opens a session and gives the rotation it stands ready for.
func stand(t testing.TB, s store.Store) store.Rotation {
	t.Helper()
	r, err := newRotor(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func openPool(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func dbName(t testing.TB, db *sql.DB) (name string) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	return name
}

func openPostgres(t testing.TB, url string, opts ...sqlstore.Option) *sqlstore.Store {
	t.Helper()
	s, err := postgres(t.Context(), url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// postgres opens a database as a program would.
func postgres(ctx context.Context, url string, opts ...sqlstore.Option) (*sqlstore.Store, error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, err
	}
	if err := sqlstore.Migrate(ctx, db, sqlstore.PostgreSQL); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s, err := sqlstore.New(ctx, db, sqlstore.PostgreSQL, opts...)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}
