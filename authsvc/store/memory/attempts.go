package memory

import (
	"context"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// attempt is how often a key was tried, when last, and from when it may be
// again.
type attempt struct {
	n          int
	last, from time.Time
}

// Attempt implements [store.Attempts].
func (s *Store) Attempt(ctx context.Context, keys ...store.AttemptKey) (wait time.Duration, err error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return 0, err
	}
	defer unlock()
	now := micro(s.now())
	for _, k := range keys {
		if now.Before(s.known[k.Unless]) {
			continue
		}
		// Before the last attempt the clock was set back, and the end of the
		// wait is far.
		if a, ok := s.attempts[k.Key]; ok && !a.forgotten(now) && !now.Before(a.last) {
			wait = max(wait, a.from.Sub(now))
		}
	}
	if wait > 0 {
		return wait, nil
	}
	for _, k := range keys {
		a := s.attempts[k.Key]
		if a.forgotten(now) {
			a.n = 0
		}
		a.n++
		a.last, a.from = now, now.Add(store.WaitAfter(a.n, k.Free))
		s.attempts[k.Key] = a
	}
	return 0, nil
}

func (a attempt) forgotten(now time.Time) bool {
	return now.Sub(a.last) >= store.AttemptsForgotten
}

// Forgive implements [store.Attempts].
func (s *Store) Forgive(ctx context.Context, right, pardoned []string) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	until := micro(s.now()).Add(store.KnownFor)
	for _, key := range right {
		delete(s.attempts, key)
		s.known[key] = until
	}
	for _, key := range pardoned {
		if a := s.attempts[key]; a.n > 0 {
			a.n--
			s.attempts[key] = a
		}
	}
	return nil
}
