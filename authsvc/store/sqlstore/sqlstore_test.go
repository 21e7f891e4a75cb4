package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
	"github.com/grpcauth/grpcauth/authsvc/store/storetest"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB, now func() time.Time) store.Store {
		return open(t, filepath.Join(t.TempDir(), "auth.db"), sqlstore.WithNow(now))
	})
}

// checklist: R3
func TestTwoHandlesOnOneFile(t *testing.T) {
	t.Parallel()
	storetest.Races(t, func(t testing.TB, now func() time.Time) []store.Store {
		path := filepath.Join(t.TempDir(), "auth.db")
		return []store.Store{
			open(t, path, sqlstore.WithNow(now)),
			open(t, path, sqlstore.WithNow(now)),
		}
	})
}

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

func open(t testing.TB, path string, opts ...sqlstore.Option) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.OpenSQLite(t.Context(), path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
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
