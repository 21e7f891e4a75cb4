package sqlstore_test

import (
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
	"github.com/grpcauth/grpcauth/authsvc/store/storetest"
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

func open(t testing.TB, path string, opts ...sqlstore.Option) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.OpenSQLite(t.Context(), path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
