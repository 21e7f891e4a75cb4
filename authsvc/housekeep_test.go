package authsvc

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
)

// brokenSweeps fails to sweep for a while, and then has much to sweep.
type brokenSweeps struct {
	store.Store
	fails, left int
	most        int // that was asked for at once
}

func (s *brokenSweeps) Sweep(_ context.Context, limit int) (int, error) {
	s.most = max(s.most, limit)
	if s.fails > 0 {
		s.fails--
		return 0, store.ErrUnavailable
	}
	n := min(limit, s.left)
	s.left -= n
	return n, nil
}

// housekeep has a service keep house over a store for some time, and gives its
// log once it has ended.
func housekeep(t *testing.T, st store.Store, during time.Duration) string {
	t.Helper()
	var log bytes.Buffer
	service, err := New(Config{
		Issuer: "https://auth.example", Audiences: []string{"notes"}, Secret: bytes.Repeat([]byte("0123456789abcdef"), 2), Store: st,
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		service.Housekeep(ctx)
	}()
	time.Sleep(during) // the bubble's clock
	cancel()
	<-ended
	return log.String()
}

func TestHousekeepingGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &brokenSweeps{Store: memory.New(), fails: 2, left: 3*sweepStep + 1}
		log := housekeep(t, st, 4*sweepEvery)
		if st.left != 0 || st.most != sweepStep {
			t.Errorf("%d are left, %d were asked for at once", st.left, st.most)
		}
		if strings.Count(log, "level=WARN msg=sweep_failed") != 2 || !strings.Contains(log, "level=DEBUG msg=swept records=1501") {
			t.Error(log)
		}
	})
}

func TestHousekeepingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &brokenSweeps{Store: memory.New(), left: 1 << 40} // for years
		housekeep(t, st, 2*sweepEvery)
		if st.left == 0 || st.left == 1<<40 {
			t.Errorf("%d left", st.left)
		}
	})
}

// What has expired is gone from the database, and nothing else.
func TestHousekeepingOfADatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ahead atomic.Int64
		db, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "auth.db"),
			sqlstore.WithNow(func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		put(t, db, "old", time.Now().Add(time.Hour))
		ahead.Store(int64(store.AuditKept))
		put(t, db, "new", time.Now().Add(2*store.AuditKept))

		log := housekeep(t, db, 2*sweepEvery)
		if !strings.Contains(log, "msg=swept records=3") {
			t.Error(log)
		}
		if _, err := db.Session(t.Context(), "old"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the session that has expired: %v", err)
		}
		if _, err := db.Session(t.Context(), "new"); err != nil {
			t.Errorf("the session that stands: %v", err)
		}
		if err := db.UseOnce(t.Context(), "new", time.Now().Add(3*store.AuditKept)); !errors.Is(err, store.ErrExists) {
			t.Errorf("the key that was used once: %v", err)
		}
		entries, err := db.Entries(t.Context(), 0, 10)
		if err != nil || len(entries) != 1 || entries[0].SessionID != "new" {
			t.Errorf("the audit record: %v, %v", entries, err)
		}
	})
}

// put adds a session, its entry of the audit record and a key that is used
// once, until the time they expire.
func put(t *testing.T, st store.Store, id string, until time.Time) {
	t.Helper()
	counters, err := st.Counters(t.Context(), "ada", "app")
	if err != nil {
		t.Fatal(err)
	}
	session := store.Session{ID: id, Subject: "ada", ClientID: "app", Gen: 1, IdleExpires: until, Expires: until}
	if err := st.CreateSession(t.Context(), session, counters.Subject, store.Entry{Kind: "login", SessionID: id}); err != nil {
		t.Fatal(err)
	}
	if err := st.UseOnce(t.Context(), id, until); err != nil {
		t.Fatal(err)
	}
}

func TestJitterStaysWithinAFifth(t *testing.T) {
	t.Parallel()
	for range 1000 {
		if d := jittered(time.Minute); d < 48*time.Second || d > 72*time.Second {
			t.Fatal(d)
		}
	}
}
