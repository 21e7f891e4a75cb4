package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
)

// A database that somebody else keeps locked.
func TestLockedByAnotherProcess(t *testing.T) {
	t.Parallel()
	s, release := locked(t)

	// The caller's patience counts, not ours.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := s.RaiseSubject(ctx, "ada", ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("it took %v to notice that the caller had gone", took)
	}
	// Reading goes on beside a writer.
	if _, err := s.Session(t.Context(), "nobody's"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("error %v, want %v", err, store.ErrNotFound)
	}

	done := make(chan error)
	go func() { done <- s.RaiseSubject(t.Context(), "ada", "") }()
	release()
	if err := <-done; err != nil {
		t.Errorf("after the lock was released: %v", err)
	}
}

// Nothing of ours is left behind when it is given up.
func TestLockedForGood(t *testing.T) {
	t.Parallel()
	s, release := locked(t)
	err := s.RotateSession(t.Context(), store.Rotation{ID: "any"})
	if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want %v", err, store.ErrUnavailable)
	}
	wantText(t, err, "another process holds the database locked")
	release()
	if err := s.RaiseSubject(t.Context(), "ada", ""); err != nil {
		t.Error(err)
	}
}

// An update that was cut off in the middle holds no lock.
func TestCanceledUpdateLetsGo(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "auth.db"))
	session := store.Session{ID: "id", Subject: "ada", Expires: time.Now().Add(time.Hour)}
	counter, err := s.Counters(t.Context(), "ada", "app")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CreateSession(t.Context(), session, counter.Subject); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = s.UpdateSession(ctx, "id", func(_ time.Time, s *store.Session) error {
		s.Label = "changed"
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	got, err := s.Session(t.Context(), "id")
	if err != nil || got.Label != "" {
		t.Errorf("label %q, error %v; want no change", got.Label, err)
	}
	if err := s.RaiseSubject(t.Context(), "ada", ""); err != nil {
		t.Error(err)
	}
}

// A caller's error that looks like a driver's is still the caller's.
func TestUpdateErrorIsNotTakenForTheDatabase(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "auth.db"))
	counter, err := s.Counters(t.Context(), "ada", "app")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CreateSession(t.Context(), store.Session{ID: "id", Subject: "ada"}, counter.Subject); err != nil {
		t.Fatal(err)
	}
	runs := 0
	err = s.UpdateSession(t.Context(), "id", func(time.Time, *store.Session) error {
		runs++
		return busyLookalike{}
	})
	if err != (busyLookalike{}) || runs != 1 {
		t.Errorf("error %v after %d runs, want the function's own after 1", err, runs)
	}
}

type busyLookalike struct{}

func (busyLookalike) Error() string { return "looks busy" }
func (busyLookalike) Code() int     { return 5 }

// locked is a store on a file that a connection of its own keeps locked.
func locked(t *testing.T) (s *sqlstore.Store, release func()) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "auth.db")
	s = open(t, path)
	tx, err := openDB(t, path).BeginTx(t.Context(), &sql.TxOptions{}) // immediate, by the DSN
	if err != nil {
		t.Fatal(err)
	}
	return s, func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}
}
