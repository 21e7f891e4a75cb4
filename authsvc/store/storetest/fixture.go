package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// fixture is a store, a clock that stands still unless moved, and one
// standing session.
type fixture struct {
	store.Store
	clock   *clock
	session store.Session
}

func newFixture(t *testing.T, open Open) *fixture {
	t.Helper()
	c := newClock()
	f := &fixture{Store: open(t, c.now), clock: c}
	f.session = newSession(c.now(), "ada")
	mustCreate(t, f, f.session)
	return f
}

// clock has nanoseconds in it, which no store keeps.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 3, 14, 15, 9, 26, 535897932, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// micro is the time as a store gives it back.
func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// newSession is a session with everything set, one hour idle and one day
// absolute.
func newSession(now time.Time, subject string) store.Session {
	now = micro(now)
	return store.Session{
		ID: rand.Text()[:22], ClientID: "app", Subject: subject,
		Scopes: []string{"notes.read", "notes.write"}, Audiences: []string{"https://notes.example/a b", `odd","]`},
		Gen: 1, CurHash: hash(1), PrevHash: hash(0), RotatedAt: now.Add(-time.Minute), Sealed: []byte("sealed\x00 1"),
		Replays: 2, ReplayedGens: 1, KeyHash: []byte("key\x00hash"), Certificate: "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2",
		AuthTime: now.Add(-time.Hour), AMR: []string{"pwd", "otp"},
		IdleExpires: now.Add(time.Hour), Expires: now.Add(24 * time.Hour),
		Label: "Ada's laptop ✓", CreatedAt: now.Add(-time.Hour), LastSeen: now.Add(-time.Minute), LastAddress: "2001:db8::1",
	}
}

// hash is a stand-in for the SHA-256 of generation n's secret.
func hash(n int64) []byte { return bytes.Repeat([]byte{byte(n), 0xff}, 16) }

// rotation is the rotation of s that has to succeed.
func rotation(s store.Session) store.Rotation {
	return store.Rotation{
		ID: s.ID, Gen: s.Gen, CurHash: s.CurHash, ClientID: s.ClientID, Certificate: s.Certificate,
		NewHash: hash(s.Gen + 1), Sealed: []byte("sealed next"), Idle: 30 * time.Minute, Address: "192.0.2.7",
	}
}

func mustCreate(t testing.TB, st store.Store, s store.Session) {
	t.Helper()
	counter, err := counterOf(t.Context(), st, s.Subject)
	noError(t, err)
	noError(t, st.CreateSession(t.Context(), s, counter))
}

// counterOf is the counter that a session of the subject is created with.
func counterOf(ctx context.Context, st store.Store, subject string) (int64, error) {
	c, err := st.Counters(ctx, subject, "app")
	return c.Subject, err
}

func mustRead(t testing.TB, st store.Sessions, id string) store.Session {
	t.Helper()
	s, err := st.Session(t.Context(), id)
	noError(t, err)
	return s
}

func mustUpdate(t testing.TB, st store.Sessions, id string, change func(*store.Session)) {
	t.Helper()
	noError(t, st.UpdateSession(t.Context(), id, func(_ time.Time, s *store.Session) error {
		change(s)
		return nil
	}))
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

func wantError(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

// same compares values whole. Records redact themselves when printed, so of
// those the fields at odds are named.
func same[T any](t testing.TB, got, want T) {
	t.Helper()
	if reflect.DeepEqual(got, want) {
		return
	}
	if _, redacts := any(got).(fmt.Formatter); !redacts {
		t.Errorf("got %v, want %v", got, want)
		return
	}
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range g.NumField() {
		if !reflect.DeepEqual(g.Field(i).Interface(), w.Field(i).Interface()) {
			t.Errorf("%s is %v, want %v", g.Type().Field(i).Name, g.Field(i), w.Field(i))
		}
	}
}

// ended is a context that is over, and the error it ended with.
func ended(t testing.TB, how error) context.Context {
	if errors.Is(how, context.Canceled) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		return ctx
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	t.Cleanup(cancel)
	return ctx
}
