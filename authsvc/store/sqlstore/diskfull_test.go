package sqlstore_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
)

// A full disk refuses what needs room, says so, and does no damage: what was
// acknowledged is there, and all goes on once there is room.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	full := openLimited(t, path, 40)
	session := stand(t, full)

	added := 0
	var err error
	for err == nil {
		if err = full.AddUser(t.Context(), user(added)); err == nil {
			added++
		}
	}
	if !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("error %v, want %v", err, store.ErrUnavailable)
	}
	wantText(t, err, "the disk is full, make room")
	if err := full.RotateSession(t.Context(), session); err != nil && !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("error %v, want none or %v", err, store.ErrUnavailable)
	}
	if err := full.SetPassword(t.Context(), user(0).Subject, string(make([]byte, 1<<20))); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("error %v, want %v", err, store.ErrUnavailable)
	}
	if got, err := full.UserBySubject(t.Context(), user(0).Subject); err != nil || got.PasswordHash != user(0).PasswordHash {
		t.Errorf("half a change was made, error %v", err)
	}
	if err := full.Close(); err != nil {
		t.Fatal(err)
	}

	var sound string
	if err := openDB(t, path).QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&sound); err != nil || sound != "ok" {
		t.Fatalf("integrity_check says %q, error %v", sound, err)
	}
	roomy := open(t, path)
	for i := range added {
		if _, err := roomy.UserByName(t.Context(), user(i).Username); err != nil {
			t.Errorf("user %d of %d: %v", i, added, err)
		}
	}
	if err := roomy.AddUser(t.Context(), user(added)); err != nil {
		t.Error(err)
	}
}

// user needs a page of the database, roughly.
func user(i int) store.User {
	return store.User{Subject: fmt.Sprint("id ", i), Username: fmt.Sprint("user ", i), PasswordHash: fmt.Sprintf("%03000d", i)}
}

// openLimited opens a store whose file can't grow past so many pages.
func openLimited(t *testing.T, path string, pages int) *sqlstore.Store {
	t.Helper()
	db, err := sql.Open("sqlite", fmt.Sprintf("%s&_pragma=max_page_count(%d)", sqlstore.SQLiteDSN(path), pages))
	if err != nil {
		t.Fatal(err)
	}
	s, err := sqlstore.New(t.Context(), db, sqlstore.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
