package sqlstore_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// load is callers who refresh a session each, as fast as they can, until they
// are told to stop. Each knows what it was told, and compares that with what
// the store says whenever it was told nothing.
type load struct {
	t     *testing.T
	store store.Store
	stop  atomic.Bool
	wg    sync.WaitGroup
	// done takes a token for each rotation that was acknowledged.
	done chan struct{}
	// unavailable counts the calls that ended so; applied, those of them that
	// had taken effect all the same.
	unavailable, applied atomic.Int64
}

// begin starts callers on one store.
func begin(t *testing.T, s store.Store, callers int) *load {
	l := &load{t: t, store: s, done: make(chan struct{}, 1<<20)}
	for range callers {
		r := stand(t, s)
		l.wg.Go(func() { l.refresh(r) })
	}
	for range 4 {
		id := stand(t, s).ID
		l.wg.Go(func() { l.count(id) })
	}
	return l
}

// count counts up in one session, in a transaction each time, until it is told
// to stop. What was acknowledged is there, and nothing was done twice.
func (l *load) count(id string) {
	var tried, acknowledged int
	for !l.stop.Load() {
		tried++
		err := l.store.UpdateSession(l.t.Context(), id, func(_ time.Time, s *store.Session) error {
			s.Replays++
			return nil
		})
		if err == nil {
			acknowledged++
		} else if !errors.Is(err, store.ErrUnavailable) {
			l.t.Errorf("error %v, want %v", err, store.ErrUnavailable)
		}
	}
	session, err := l.store.Session(l.t.Context(), id)
	if err != nil || session.Replays < acknowledged || session.Replays > tried {
		l.t.Errorf("%d updates of %d were acknowledged, %d were made, error %v", acknowledged, tried, session.Replays, err)
	}
}

func (l *load) refresh(r store.Rotation) {
	for !l.stop.Load() {
		err := l.store.RotateSession(l.t.Context(), r)
		switch {
		case err == nil:
			l.done <- struct{}{}
			turn(&r)
		case errors.Is(err, store.ErrUnavailable):
			l.unavailable.Add(1)
			if !l.agree(&r) {
				return
			}
		default:
			l.t.Errorf("error %v, want %v", err, store.ErrUnavailable)
			return
		}
	}
	if !l.agree(&r) {
		l.t.Error("at the end the store knew another generation")
	}
}

// agree reads what stands: all that was acknowledged, and perhaps the rotation
// whose answer was lost, which r then moves past.
func (l *load) agree(r *store.Rotation) bool {
	session, err := l.store.Session(l.t.Context(), r.ID)
	for errors.Is(err, store.ErrUnavailable) {
		session, err = l.store.Session(l.t.Context(), r.ID)
	}
	switch {
	case err != nil:
		l.t.Error(err)
	case session.Gen == r.Gen && bytes.Equal(session.CurHash, r.CurHash):
		return true
	case session.Gen == r.Gen+1 && bytes.Equal(session.CurHash, r.NewHash):
		l.applied.Add(1)
		turn(r)
		return true
	default:
		l.t.Errorf("generation %d stands, %d was acknowledged", session.Gen, r.Gen)
	}
	return false
}

// after waits for n more rotations.
func (l *load) after(n int) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	for range n {
		select {
		case <-l.done:
		case <-ctx.Done():
			l.t.Fatal("nobody rotates any more")
		}
	}
}

// end stops the callers and waits for them.
func (l *load) end() {
	l.stop.Store(true)
	l.wg.Wait()
	l.t.Logf("%d calls ended as unavailable, %d of them had taken effect", l.unavailable.Load(), l.applied.Load())
}
