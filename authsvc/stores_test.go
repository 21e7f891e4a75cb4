package authsvc_test

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver
	_ "modernc.org/sqlite"             // the driver

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// opener makes one kind of store.
type opener func(testing.TB, func() time.Time) store.Store

func (o opener) use(s *setup) { s.open = o }

// everyStore runs a test against each kind of store.
func everyStore(t *testing.T, test func(*testing.T, opener)) {
	t.Helper()
	for name, open := range map[string]opener{"memory": openMemory, "SQLite": openSQLite, "PostgreSQL": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open)
		})
	}
}

func openMemory(_ testing.TB, now func() time.Time) store.Store {
	return memory.New(memory.WithNow(now))
}

func openSQLite(t testing.TB, now func() time.Time) store.Store {
	t.Helper()
	return openSQLiteAt(t, filepath.Join(t.TempDir(), "auth.db"), now)
}

func openSQLiteAt(t testing.TB, path string, now func() time.Time) store.Store {
	t.Helper()
	db, err := sqlstore.OpenSQLite(t.Context(), path, sqlstore.WithNow(now))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func openPostgres(t testing.TB, now func() time.Time) store.Store {
	t.Helper()
	return openPostgresAt(t, testkit.Postgres(t), sqlstore.WithNow(now))
}

func openPostgresAt(t testing.TB, url string, opts ...sqlstore.Option) store.Store {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlstore.Migrate(t.Context(), db, sqlstore.PostgreSQL); err != nil {
		t.Fatal(errors.Join(err, db.Close()))
	}
	s, err := sqlstore.New(t.Context(), db, sqlstore.PostgreSQL, opts...)
	if err != nil {
		t.Fatal(errors.Join(err, db.Close()))
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func decoded(t testing.TB, refreshToken string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(refreshToken, "grt_"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// What lies in the database's files, pages that are no longer used among them,
// gives nobody a token or a password.
//
// checklist: R5 B2
func TestTheDatabasesFilesHoldNoSecret(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	w := newWorld(t, builtIn, func(s *setup) {
		s.open = func(t testing.TB, now func() time.Time) store.Store { return openSQLiteAt(t, path, now) }
	})
	w.addAda(nil)
	secrets := []string{adaPassword}
	tokens := w.signIn()
	for range 5 {
		secret := decoded(t, tokens.GetRefreshToken())[29:61]
		secrets = append(secrets, tokens.GetAccessToken(), tokens.GetRefreshToken(), string(secret))
		tokens = w.must(w.refresh(tokens.GetRefreshToken()))
	}
	held := 0
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(tokens.GetSessionId())) {
			held++
		}
		for i, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s holds secret %d", filepath.Base(file), i)
			}
		}
	}
	if held == 0 {
		t.Error("the session is in none of the files, so this test looks in the wrong place")
	}
}
