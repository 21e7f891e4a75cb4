package authsvc_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// atOnce refreshes one token n times at once and counts the answers.
func (w *world) atOnce(refreshToken string, n int) (answers map[string]int, successors map[string]bool) {
	w.t.Helper()
	answers, successors = map[string]int{}, map[string]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range n {
		wg.Go(func() {
			<-start
			tokens, err := w.refresh(refreshToken)
			mu.Lock()
			defer mu.Unlock()
			answers[refusal(err)]++
			if err == nil {
				successors[tokens.GetRefreshToken()] = true
			}
		})
	}
	close(start)
	wg.Wait()
	return answers, successors
}

// checklist: R2 R3
func TestARefreshAndItsReplaysAtOnce(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		tokens := w.signIn()
		answers, successors := w.atOnce(tokens.GetRefreshToken(), 6)
		if answers["OK"] != 6 || len(successors) != 1 {
			t.Errorf("answers %v, %d successors", answers, len(successors))
		}
		if session := w.session(tokens); session.Gen != 2 || session.Replays != 5 {
			t.Errorf("generation %d, %d replays", session.Gen, session.Replays)
		}
	})
}

// checklist: R3
func TestTwoServersOnOneDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	open := func(s *setup) {
		s.open = func(t testing.TB, now func() time.Time) store.Store { return openSQLiteAt(t, path, now) }
	}
	one, two := newWorld(t, open), newWorld(t, open)
	tokens := one.signIn()
	var wg sync.WaitGroup
	var ok [2]int
	var successors [2]map[string]bool
	for i, w := range []*world{one, two} {
		wg.Go(func() {
			answers, next := w.atOnce(tokens.GetRefreshToken(), 3)
			ok[i], successors[i] = answers["OK"], next
		})
	}
	wg.Wait()
	if ok != [2]int{3, 3} || len(successors[0]) != 1 || !maps.Equal(successors[0], successors[1]) {
		t.Errorf("answered %v, %d and %d successors", ok, len(successors[0]), len(successors[1]))
	}
	if session := two.session(tokens); session.Gen != 2 || session.Replays != 5 {
		t.Errorf("generation %d, %d replays", session.Gen, session.Replays)
	}
}

// A hundred callers are one rotation. Five of the others are taken for
// retries, the rest for reuse, and that ends the session.
//
// checklist: R1 R2 R3
func TestAHundredRefreshesAtOnce(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		tokens := w.signIn()
		answers, successors := w.atOnce(tokens.GetRefreshToken(), 100)
		if answers["OK"] > 6 || answers["OK"] < 1 || len(successors) != 1 {
			t.Errorf("%d answered with %d successors", answers["OK"], len(successors))
		}
		ended := answers["Unauthenticated REFRESH_REUSED"] + answers["Unauthenticated SESSION_REVOKED"]
		if answers["Unauthenticated REFRESH_REUSED"] != 1 || answers["OK"]+ended != 100 {
			t.Errorf("answers %v", answers)
		}
		session := w.session(tokens)
		if session.Gen != 2 || session.RevokedAt.IsZero() {
			t.Errorf("generation %d, revoked at %v", session.Gen, session.RevokedAt)
		}
	})
}

// shaky is a store whose changes are made and then reported as failed.
type shaky struct {
	store.Store
	mu   sync.Mutex
	fail error
}

func (s *shaky) failNext(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (s *shaky) outcome(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.fail != nil {
		err, s.fail = s.fail, nil
	}
	return err
}

func (s *shaky) RotateSession(ctx context.Context, r store.Rotation) error {
	return s.outcome(s.Store.RotateSession(ctx, r))
}

func (s *shaky) UpdateSession(ctx context.Context, id string, fn func(time.Time, *store.Session) error) error {
	return s.outcome(s.Store.UpdateSession(ctx, id, fn))
}

// checklist: R2
func TestACommitOfWhichNobodyKnows(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{
		"the store says so":     fmt.Errorf("%w: connection reset", store.ErrUnavailable),
		"a deadline cut it off": context.DeadlineExceeded,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s *shaky
			w := newWorld(t, func(u *setup) {
				u.wrap = func(inner store.Store) store.Store { s = &shaky{Store: inner}; return s }
			})
			tokens := w.signIn()
			for range 2 { // once the rotation, once its replay
				s.failNext(failure)
				_, err := w.refresh(tokens.GetRefreshToken())
				wantRefusal(t, err, "Unavailable STORE_UNAVAILABLE")
			}
			if session := w.session(tokens); session.Gen != 2 || session.Replays != 1 {
				t.Fatalf("generation %d, %d replays", session.Gen, session.Replays)
			}
			next := w.must(w.refresh(tokens.GetRefreshToken()))
			w.must(w.refresh(next.GetRefreshToken()))
		})
	}
}

// busyElsewhere is a store in which somebody else always was there first,
// although the session reads as if nobody had been.
type busyElsewhere struct{ store.Store }

func (busyElsewhere) RotateSession(context.Context, store.Rotation) error { return store.ErrStale }

func TestRefreshGivesUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) { s.wrap = func(inner store.Store) store.Store { return busyElsewhere{inner} } })
	_, err := w.refresh(w.signIn().GetRefreshToken())
	wantRefusal(t, err, "Aborted CONFLICT")
}
