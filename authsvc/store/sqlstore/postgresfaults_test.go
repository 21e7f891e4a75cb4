package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// checklist: R3
func TestBackendsTerminatedUnderLoad(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	l := begin(t, openPostgres(t, url), 16)
	db := openPool(t, url)
	for range 20 {
		l.after(50)
		_, err := db.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		if err != nil {
			t.Fatal(err)
		}
	}
	l.after(500)
	l.end()
}

// checklist: R2 R3
func TestPostgresStoppedAndStartedUnderLoad(t *testing.T) {
	t.Parallel()
	server, url := testkit.NewPostgres(t)
	s := openPostgres(t, url)
	l := begin(t, s, 16)
	for range 3 {
		l.after(200)
		if err := server.Stop(); err != nil {
			t.Fatal(err)
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
	}
	l.after(500)
	l.end()
	if l.unavailable.Load() == 0 {
		t.Error("no call in flight was cut")
	}
}

func TestPostgresThatStaysAway(t *testing.T) {
	t.Parallel()
	server, url := testkit.NewPostgres(t)
	s := openPostgres(t, url)
	r := stand(t, s)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	err := s.RotateSession(t.Context(), r)
	if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want %v", err, store.ErrUnavailable)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Session(ctx, r.ID); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
	}
	if _, err := postgres(t.Context(), url); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("error %v, want %v", err, store.ErrUnavailable)
	} else if !strings.Contains(err.Error(), "the database is too slow or too busy") { // which a busy machine makes it look like
		wantPart(t, err, "the database can't be reached, check its address and that it runs")
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Session(t.Context(), r.ID); err != nil {
		t.Errorf("after it came back: %v", err)
	}
}

// Every database that can't serve is refused at once, with what to do.
func TestPostgresRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		setUp string // with %s for the name of the database
		want  string
		is    error
	}{
		"asynchronous commits": {
			setUp: "ALTER DATABASE %s SET synchronous_commit = off",
			want:  "set it to on for this role or database",
		},
		"read-only": {
			setUp: "ALTER DATABASE %s SET default_transaction_read_only = on",
			want:  "the database takes no changes: name the primary, or turn default_transaction_read_only off",
			is:    store.ErrUnavailable,
		},
		"a newer schema": {
			setUp: "INSERT INTO grpcauth_schema_version (version_id, is_applied) VALUES (99, true)",
			want:  "run the newer program, or restore the backup",
			is:    store.ErrNewerSchema,
		},
		"a table that is gone": {
			setUp: "DROP TABLE session",
			want:  "the schema is not the one this program made, restore a backup",
			is:    store.ErrUnavailable,
		},
		"a column that is gone": {
			setUp: "ALTER TABLE session DROP COLUMN idle_expires",
			want:  "the schema is not the one this program made, restore a backup",
			is:    store.ErrUnavailable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := testkit.Postgres(t)
			openPostgres(t, url)
			spoil(t, url, test.setUp)
			_, err := postgres(t.Context(), url)
			wantText(t, err, test.want)
			if test.is != nil && !errors.Is(err, test.is) || test.is == nil && errors.Is(err, store.ErrUnavailable) {
				t.Errorf("error %v, want %v", err, test.is)
			}
		})
	}
}

// A database that is empty and takes no changes is not waited for.
func TestPostgresEmptyAndReadOnly(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	spoil(t, url, "ALTER DATABASE %s SET default_transaction_read_only = on")
	_, err := postgres(t.Context(), url)
	wantText(t, err, "the database takes no changes")
}

// A database that turns read-only while it serves says so to every call.
func TestPostgresTurnsReadOnly(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	s := openPostgres(t, url)
	r := stand(t, s)
	spoil(t, url, "ALTER DATABASE %s SET default_transaction_read_only = on")
	spoil(t, url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s' AND pid <> pg_backend_pid()`)
	var err error
	for range 32 { // past the connections that were ended
		if err = s.RotateSession(t.Context(), r); err == nil {
			t.Fatal("it rotated")
		}
	}
	if !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("error %v, want %v", err, store.ErrUnavailable)
	}
	wantText(t, err, "the database takes no changes")
	if _, err := s.Session(t.Context(), r.ID); err != nil {
		t.Errorf("it does not even read: %v", err)
	}
}

func TestPostgresOlderSchemaNeedsMigrate(t *testing.T) {
	t.Parallel()
	db := openPool(t, testkit.Postgres(t))
	_, err := sqlstore.New(t.Context(), db, sqlstore.PostgreSQL)
	wantText(t, err, "run sqlstore.Migrate")
	have, need, err := sqlstore.Versions(t.Context(), db, sqlstore.PostgreSQL)
	if err != nil || have != 0 || need < 1 {
		t.Errorf("versions %d and %d, error %v; want 0 and the newest", have, need, err)
	}
	if err := sqlstore.Migrate(t.Context(), db, sqlstore.PostgreSQL); err != nil {
		t.Fatal(err)
	}
	if have, _, err := sqlstore.Versions(t.Context(), db, sqlstore.PostgreSQL); err != nil || have != need {
		t.Errorf("version %d, error %v; want %d", have, err, need)
	}
}

func TestPostgresLogin(t *testing.T) {
	t.Parallel()
	base := testkit.Postgres(t)
	_, err := postgres(t.Context(), base+"&user=nobody")
	wantPart(t, err, "the database refuses the role or its password, check both")
	_, err = postgres(t.Context(), base+"&dbname=none")
	wantPart(t, err, "there is no such database, create it")
}

// spoil runs a statement on a connection of its own.
func spoil(t testing.TB, url, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), strings.ReplaceAll(statement, "%s", dbName(t, db))); err != nil {
		t.Fatal(err)
	}
}
