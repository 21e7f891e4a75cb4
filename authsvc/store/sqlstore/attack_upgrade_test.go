package sqlstore_test

import (
	"bytes"
	"database/sql"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"
	dialects "github.com/pressly/goose/v3/database"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// What was in a database of version 1, which wrote neither idempotency keys nor
// certificates nor addresses.
var ofVersion1 = []string{
	`INSERT INTO subject (subject, counter) VALUES ('ada-id', 7)`,
	`INSERT INTO users (subject, username, password_hash, scopes, roles, admin, disabled_at, created_at)
		VALUES ('ada-id', 'ada', 'hash', '["notes.read"]', '[]', TRUE, 0, 1)`,
	`INSERT INTO session (id, client_id, subject, scope, audiences, gen, cur_hash, prev_hash, rotated_at, sealed_successor, replays, replayed_gens,
		auth_time, amr, idle_expires, expires, revoked_at, reason, label, created_at, last_seen)
		VALUES ('stands', 'default', 'ada-id', '["notes.read"]', '["notes"]', 3, $1, $2, 1, $3, 0, 0,
		1, '["pwd"]', 9000000000000000, 9000000000000000, 0, '', 'laptop', 1, 1)`,
}

// Nobody is logged out by an upgrade.
func TestADatabaseOfVersion1GoesOn(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		goesOn(t, openDB(t, file(t, nil)), sqlstore.SQLite, dialects.DialectSQLite3)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		goesOn(t, openPool(t, testkit.Postgres(t)), sqlstore.PostgreSQL, dialects.DialectPostgres)
	})
}

func goesOn(t *testing.T, db *sql.DB, dialect sqlstore.Dialect, of dialects.Dialect) {
	t.Helper()
	old, err := goose.NewProvider(of, db, os.DirFS("migrations"), goose.WithTableName("grpcauth_schema_version"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	values := []any{[]byte("current"), []byte("previous"), []byte("successor")}
	for _, statement := range ofVersion1 {
		if _, err := db.ExecContext(t.Context(), statement, values[:strings.Count(statement, "$")]...); err != nil {
			t.Fatal(err)
		}
	}
	if err := sqlstore.Migrate(t.Context(), db, dialect); err != nil {
		t.Fatal(err)
	}
	st, err := sqlstore.New(t.Context(), db, dialect)
	if err != nil {
		t.Fatal(err)
	}
	counters, err := st.Counters(t.Context(), "ada-id", "default")
	if want := (store.Counters{All: 1, Client: 1, Subject: 7}); err != nil || counters != want {
		t.Errorf("counters %+v, %v, want %+v", counters, err, want)
	}
	for range 2 { // by the first, of version 1, and by its successor, of this one
		rotateOn(t, st)
	}
	standing, err := st.Standing(t.Context(), store.TokenRef{SessionID: "stands", Subject: "ada-id"})
	if err != nil || standing.SessionEnded {
		t.Errorf("standing %+v, %v", standing, err)
	}
	if err := st.ChangePassword(t.Context(), "ada-id", "hash", "another", store.Entry{Kind: "password_changed"}); err != nil {
		t.Fatal(err)
	}
	if r, err := st.Renewal(t.Context(), "stands"); err != nil || r.Session.RevokedAt.IsZero() || r.User.PasswordHash != "another" {
		t.Errorf("after a change of the password: %+v, %v", r, err)
	}
}

// rotateOn rotates the session that stands.
func rotateOn(t *testing.T, st store.Store) {
	t.Helper()
	renewal, err := st.Renewal(t.Context(), "stands")
	if err != nil || renewal.User.Username != "ada" {
		t.Fatalf("read %+v, %v", renewal, err)
	}
	was, err := st.Session(t.Context(), "stands")
	if err != nil || was.Keyed || len(was.KeyHash) != 0 {
		t.Fatalf("read %+v with keys, %v", was, err)
	}
	next := append([]byte("next of "), was.CurHash...)
	err = st.RotateSession(t.Context(), store.Rotation{
		ID: "stands", Gen: was.Gen, CurHash: was.CurHash, ClientID: "default",
		NewHash: next, Sealed: []byte("sealed"), Idle: time.Hour, Address: "192.0.2.1",
	})
	if err != nil {
		t.Fatal(err)
	}
	now, err := st.Session(t.Context(), "stands")
	if err != nil || now.Gen != was.Gen+1 || !bytes.Equal(now.PrevHash, was.CurHash) || !bytes.Equal(now.CurHash, next) || now.LastAddress != "192.0.2.1" {
		t.Errorf("rotated to %+v, %v", now, err)
	}
}
