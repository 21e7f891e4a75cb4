package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// callers is how many goroutines meet in a race.
const callers = 100

// Races runs the concurrent part of the suite. open makes several handles on
// the same empty data, or one; the callers of each race are dealt out among
// them.
func Races(t *testing.T, open func(t testing.TB, now func() time.Time) []store.Store) {
	for name, race := range map[string]func(*testing.T, *crowd){
		"one of many rotations wins":             raceRotate,
		"updates are one after another":          raceUpdate,
		"updates and rotations don't get lost":   raceUpdateRotate,
		"no session slips in beside a raise":     raceCreateRaise,
		"nor beside the disabling of its client": raceCreateDisable,
		"everyone gets the same first key":       raceFirstKey,
		"a new counter is made once":             raceCounter,
		"one of many users with a name is added": raceAddUser,
		"callers who give up leave nothing half": raceGiveUp,
		"attempts are forgiven meanwhile":        raceForgive,
		"attempts at once are all counted":       raceAttempts,
		"events are numbered without gaps":       raceEvents,
		"one of many uses of a key is the first": raceUseOnce,
		"one of many administrators is left":     raceLastAdmin,
		"everything at once ends":                raceEveryVerb,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClock()
			race(t, &crowd{handles: open(t, c.now), clock: c})
		})
	}
}

// crowd is many callers at one store.
type crowd struct {
	handles []store.Store
	clock   *clock
}

func (c *crowd) any() store.Store { return c.handles[0] }

// rush lets n callers go at once and waits for them all.
func (c *crowd) rush(n int, call func(i int, st store.Store)) {
	var wg sync.WaitGroup
	gun := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-gun
			call(i, c.handles[i%len(c.handles)])
		})
	}
	close(gun)
	wg.Wait()
}

// checklist: R3
func raceRotate(t *testing.T, c *crowd) {
	session := newSession(c.clock.now(), "ada")
	mustCreate(t, c.any(), session)
	for gen := int64(1); gen <= 10; gen++ {
		var winner atomic.Pointer[[]byte]
		var wins atomic.Int32
		c.rush(callers, func(i int, st store.Store) {
			r := rotation(session)
			r.NewHash = fmt.Appendf(nil, "hash %d of generation %d", i, gen)
			err := st.RotateSession(t.Context(), r)
			if err == nil {
				wins.Add(1)
				winner.Store(&r.NewHash)
				return
			}
			wantError(t, err, store.ErrStale)
		})
		if wins.Load() != 1 {
			t.Fatalf("%d callers rotated generation %d, want 1", wins.Load(), gen)
		}
		before := session
		session = mustRead(t, c.any(), session.ID)
		same(t, session.Gen, gen+1)
		same(t, string(session.CurHash), string(*winner.Load()))
		same(t, session.PrevHash, before.CurHash)
	}
}

func raceUpdate(t *testing.T, c *crowd) {
	session := newSession(c.clock.now(), "ada")
	session.Replays = 0
	mustCreate(t, c.any(), session)
	c.rush(callers, func(_ int, st store.Store) {
		err := st.UpdateSession(t.Context(), session.ID, func(_ time.Time, s *store.Session) error {
			s.Replays++
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	same(t, mustRead(t, c.any(), session.ID).Replays, callers)
}

// raceUpdateRotate: an update that read the row before a rotation must not
// write the old generation back.
func raceUpdateRotate(t *testing.T, c *crowd) {
	session := newSession(c.clock.now(), "ada")
	session.ReplayedGens = 0
	mustCreate(t, c.any(), session)
	var wins atomic.Int64
	c.rush(callers, func(i int, st store.Store) {
		if i%2 == 0 {
			if err := countUp(t, st, session.ID); err != nil {
				t.Error(err)
			}
			return
		}
		current := mustReadQuietly(t, st, session.ID)
		r := rotation(current)
		r.NewHash = fmt.Appendf(nil, "hash of caller %d", i)
		if st.RotateSession(t.Context(), r) == nil {
			wins.Add(1)
		}
	})
	same(t, mustRead(t, c.any(), session.ID).Gen, 1+wins.Load())
	if wins.Load() == 0 {
		t.Error("nobody rotated")
	}
}

func countUp(t *testing.T, st store.Store, id string) error {
	return st.UpdateSession(t.Context(), id, func(_ time.Time, s *store.Session) error {
		s.ReplayedGens++
		return nil
	})
}

// mustReadQuietly may be used off the test's goroutine.
func mustReadQuietly(t *testing.T, st store.Store, id string) store.Session {
	s, err := st.Session(t.Context(), id)
	if err != nil {
		t.Error(err)
	}
	return s
}

// checklist: R6
func raceCreateRaise(t *testing.T, c *crowd) {
	for round := range 10 {
		subject := fmt.Sprintf("subject %d", round)
		counter, err := counterOf(t.Context(), c.any(), subject)
		noError(t, err)
		const n = 20
		sessions := make([]store.Session, n)
		created := make([]error, n)
		c.rush(n, func(i int, st store.Store) {
			if i == n/2 {
				if err := st.RaiseSubject(t.Context(), subject, "everywhere"); err != nil {
					t.Error(err)
				}
				return
			}
			sessions[i] = newSession(c.clock.now(), subject)
			created[i] = st.CreateSession(t.Context(), sessions[i], counter)
		})
		for i, s := range sessions {
			if s.ID != "" {
				checkEnded(t, c.any(), s.ID, created[i])
			}
		}
	}
}

// checkEnded: a session whose login said yes was revoked by the raise that
// came after; one whose login said no is not there.
func checkEnded(t *testing.T, st store.Store, id string, created error) {
	t.Helper()
	s, err := st.Session(t.Context(), id)
	switch {
	case created == nil && err == nil:
		if s.RevokedAt.IsZero() {
			t.Error("a session of before the raise stands")
		}
	case created == nil:
		t.Errorf("a session was lost: %v", err)
	default:
		wantError(t, created, store.ErrStale)
		wantError(t, err, store.ErrNotFound)
	}
}

func raceFirstKey(t *testing.T, c *crowd) {
	got := make([]store.SigningKey, callers)
	c.rush(callers, func(i int, st store.Store) {
		var err error
		got[i], err = st.AddFirstKey(t.Context(), store.SigningKey{ID: fmt.Sprint(i), Sealed: []byte{byte(i)}})
		if err != nil {
			t.Error(err)
		}
	})
	for _, k := range got {
		same(t, k, got[0])
	}
	keys, err := c.any().SigningKeys(t.Context())
	noError(t, err)
	same(t, len(keys), 1)
}

func raceCounter(t *testing.T, c *crowd) {
	c.rush(callers, func(i int, st store.Store) {
		if i%2 == 0 {
			if _, err := counterOf(t.Context(), st, "ada"); err != nil {
				t.Error(err)
			}
			return
		}
		if err := st.RaiseSubject(t.Context(), "ada", ""); err != nil {
			t.Error(err)
		}
	})
	counter, err := counterOf(t.Context(), c.any(), "ada")
	noError(t, err)
	same(t, counter, 1+callers/2)
}

func raceAddUser(t *testing.T, c *crowd) {
	var added atomic.Int32
	c.rush(callers, func(i int, st store.Store) {
		err := st.AddUser(t.Context(), store.User{Username: "ada", Subject: fmt.Sprint(i)})
		if err == nil {
			added.Add(1)
		} else if !errors.Is(err, store.ErrExists) {
			t.Error(err)
		}
	})
	same(t, added.Load(), 1)
}
