package sqlstore_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
)

// Every database that can't serve is refused at once, with what to do.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		path func(t *testing.T) string
		want string
	}{
		"a folder": {
			path: func(t *testing.T) string { return t.TempDir() },
			want: "must be a file that can be written",
		},
		"a path in no folder": {
			path: func(t *testing.T) string { return filepath.Join(t.TempDir(), "none", "auth.db") },
			want: "must be a file that can be written",
		},
		"a text file": {
			path: func(t *testing.T) string { return file(t, bytes.Repeat([]byte("Dear diary. "), 100)) },
			want: "not a SQLite database, give another path or restore a backup",
		},
		"a short text file": {
			path: func(t *testing.T) string { return file(t, []byte("Dear diary")) },
			want: "not a SQLite database",
		},
		"a corrupted schema page": {
			path: func(t *testing.T) string { return file(t, spoiled(database(t), 100)) },
			want: "corrupted, restore a backup",
		},
		"a file cut short": {
			path: func(t *testing.T) string { return file(t, database(t)[:8192]) },
			want: "corrupted, restore a backup",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := test.path(t)
			_, err := sqlstore.OpenSQLite(t.Context(), path)
			wantText(t, err, test.want)
			wantText(t, err, path)
		})
	}
}

// A page that nobody reads at start is found when it is read.
func TestCorruptedLater(t *testing.T) {
	t.Parallel()
	all := database(t)
	for offset := 8192; offset < len(all); offset += 4096 {
		all = spoiled(all, offset)
	}
	db := openDB(t, file(t, all))
	s, err := sqlstore.New(t.Context(), db, sqlstore.SQLite)
	if err == nil {
		_, err = s.Counters(t.Context(), "ada", "app")
	}
	if !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("error %v, want %v", err, store.ErrUnavailable)
	}
	wantText(t, err, "corrupted, restore a backup")
}

func TestNewRefusesReadOnly(t *testing.T) {
	t.Parallel()
	path := file(t, database(t))
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path)+"&mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = sqlstore.New(t.Context(), db, sqlstore.SQLite)
	wantText(t, err, "can't be written, check the mode and owner of the file and its folder")
}

// A connection that would lose an answered rotation at a power cut.
func TestNewRefusesUnsafeSettings(t *testing.T) {
	t.Parallel()
	for name, dsn := range map[string]string{
		"no write-ahead log": "file:" + file(t, nil),
		"not synced":         "file:" + file(t, nil) + "?_pragma=journal_mode(wal)&_pragma=synchronous(normal)",
		"in memory":          "file::memory:",
	} {
		db, err := sql.Open("sqlite", dsn)
		if err != nil {
			t.Fatal(err)
		}
		_, err = sqlstore.New(t.Context(), db, sqlstore.SQLite)
		wantText(t, err, "open a file by SQLiteDSN")
		if errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v looks as if it could pass", name, err)
		}
		_ = db.Close()
	}
}

func TestUnknownDialect(t *testing.T) {
	t.Parallel()
	db := openDB(t, file(t, nil))
	_, err := sqlstore.New(t.Context(), db, 0)
	wantText(t, err, "use sqlstore.SQLite")
	wantText(t, sqlstore.Migrate(t.Context(), db, 0), "use sqlstore.SQLite")
}

// database is the bytes of a sound database.
func database(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "auth.db")
	s := open(t, path)
	if _, err := s.Counters(t.Context(), "ada", "app"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil { // writes the log back
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func spoiled(content []byte, offset int) []byte {
	content = bytes.Clone(content)
	for i := offset; i < min(offset+200, len(content)); i++ {
		content[i] = 0xa5
	}
	return content
}

func file(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "auth.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func openDB(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// wantText wants one line that says so.
func wantText(t *testing.T, err error, want string) {
	t.Helper()
	wantPart(t, err, want)
	if err != nil && strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q is more than one line", err)
	}
}

// wantPart wants a text that says so. What a driver adds may have more lines.
func wantPart(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %q", err, want)
	}
}
