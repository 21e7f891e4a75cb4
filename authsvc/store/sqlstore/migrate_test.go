package sqlstore_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
)

func TestNewerSchemaIsNotTouched(t *testing.T) {
	t.Parallel()
	path := file(t, database(t))
	db := openDB(t, path)
	_, err := db.ExecContext(t.Context(), `INSERT INTO grpcauth_schema_version (version_id, is_applied) VALUES (99, true)`)
	if err != nil {
		t.Fatal(err)
	}
	_, openErr := sqlstore.OpenSQLite(t.Context(), path)
	_, newErr := sqlstore.New(t.Context(), db, sqlstore.SQLite)
	for _, err := range []error{openErr, newErr, sqlstore.Migrate(t.Context(), db, sqlstore.SQLite)} {
		if !errors.Is(err, store.ErrNewerSchema) {
			t.Errorf("error %v, want %v", err, store.ErrNewerSchema)
		}
		wantText(t, err, "version 99, this program knows 3: run the newer program, or restore the backup")
	}
}

func TestOlderSchemaNeedsMigrate(t *testing.T) {
	t.Parallel()
	db := openDB(t, file(t, nil))
	_, err := sqlstore.New(t.Context(), db, sqlstore.SQLite)
	wantText(t, err, "schema version 0, this program needs 3: run sqlstore.Migrate")
	for range 2 { // again does no harm
		if err := sqlstore.Migrate(t.Context(), db, sqlstore.SQLite); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := sqlstore.New(t.Context(), db, sqlstore.SQLite); err != nil {
		t.Fatal(err)
	}
}

func TestManyOpenAnEmptyDatabaseAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s, err := sqlstore.OpenSQLite(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			_ = s.Close()
		})
	}
	wg.Wait()
}

func TestReopenKeepsEverything(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	user := store.User{Subject: "id", Username: "ada", Scopes: []string{"notes.read"}}
	first := open(t, path)
	if err := first.AddUser(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, path).UserByName(t.Context(), "ada"); err != nil {
		t.Error(err)
	}
}

func TestOnlyTheOwnerReadsTheFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, filepath.Join(dir, "auth.db"))
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < 2 {
		t.Fatalf("files %v, error %v; want the database and its log", entries, err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", entry.Name(), info.Mode())
		}
	}
}

func TestPathMayHoldAnything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "auth ?#%41&mode=ro;é.db")
	s := open(t, path)
	if _, err := s.Counters(t.Context(), "ada", "app"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("files %v, error %v; want the database alone", entries, err)
	}
}
