package storetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// raceGiveUp lets callers give up at any moment: before, while or after the
// store has done what they want. What was answered is done, whole and once, and
// those who come after are served as if nothing had been.
//
// checklist: R2 R3
func raceGiveUp(t *testing.T, c *crowd) {
	session := newSession(c.clock.now(), "ada")
	session.Replays = 0
	mustCreate(t, c.any(), session)
	var tried, done, raised atomic.Int64
	c.rush(callers, func(i int, st store.Store) {
		for range 10 {
			ctx, cancel := context.WithTimeout(t.Context(), rand.N(5*time.Millisecond))
			if i%5 == 0 {
				count(t, &raised, st.RaiseSubject(ctx, "eve", "log out everywhere"))
			} else {
				tried.Add(1)
				count(t, &done, st.UpdateSession(ctx, session.ID, func(_ time.Time, s *store.Session) error {
					s.Replays++
					return nil
				}))
			}
			cancel()
		}
	})
	if got := int64(mustRead(t, c.any(), session.ID).Replays); got < done.Load() || got > tried.Load() {
		t.Errorf("%d updates were made, %d of %d were answered", got, done.Load(), tried.Load())
	}
	counter, err := counterOf(t.Context(), c.any(), "eve")
	noError(t, err)
	if counter < raised.Load() {
		t.Errorf("the counter is %d after %d raises", counter, raised.Load())
	}
	c.rush(callers, func(_ int, st store.Store) {
		err := st.UpdateSession(t.Context(), session.ID, func(_ time.Time, s *store.Session) error {
			s.Label = "afterwards"
			return nil
		})
		if err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// count counts what was answered. A caller who gave up is told so, and nothing
// else.
func count(t *testing.T, answered *atomic.Int64, err error) {
	if err == nil {
		answered.Add(1)
	} else if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, store.ErrUnavailable) {
		t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
	}
}
