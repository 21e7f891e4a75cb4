package storetest

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// attempt makes one attempt and gives the wait in whole seconds, rounded up.
func (f *fixture) attempt(t *testing.T, keys ...store.AttemptKey) int {
	t.Helper()
	wait, err := f.Attempt(t.Context(), keys...)
	noError(t, err)
	if wait < 0 {
		t.Errorf("a wait of %s", wait)
	}
	return int((wait + time.Second - 1) / time.Second)
}

// checklist: P4
func testAttempts(t *testing.T, f *fixture) {
	key := store.AttemptKey{Key: "ada from there", Free: 2}
	same(t, f.attempt(t, key), 0)
	same(t, f.attempt(t, key), 0)
	for _, wait := range []int{1, 2, 4, 8, 16, 30, 30} {
		same(t, f.attempt(t, key), 0)
		same(t, f.attempt(t, key), wait)
		f.clock.advance(time.Duration(wait)*time.Second - time.Microsecond)
		same(t, f.attempt(t, key), 1) // not yet, and asking does not make it longer
		f.clock.advance(time.Microsecond)
	}
	noError(t, f.Forgive(t.Context(), []string{key.Key, "one that nobody knows"}, nil))
	same(t, f.attempt(t, key), 0)
	same(t, f.attempt(t, key), 0)
}

// checklist: P4
func testAttemptKeys(t *testing.T, f *fixture) {
	slow, fast := store.AttemptKey{Key: "a"}, store.AttemptKey{Key: "b", Free: 1}
	same(t, f.attempt(t, slow), 0)
	same(t, f.attempt(t, fast, slow), 1) // refused for a, so b counts nothing
	same(t, f.attempt(t, fast), 0)
	same(t, f.attempt(t, fast), 0)
	same(t, f.attempt(t, fast), 1)
	same(t, f.attempt(t, store.AttemptKey{Key: "c"}), 0)
	same(t, f.attempt(t), 0)
}

// checklist: P4
func testPardon(t *testing.T, f *fixture) {
	key := store.AttemptKey{Key: "a", Free: 1}
	for range 5 { // what is right each time is never too much
		same(t, f.attempt(t, key), 0)
		noError(t, f.Forgive(t.Context(), nil, []string{key.Key, "one that nobody knows"}))
	}
	noError(t, f.Forgive(t.Context(), nil, []string{key.Key})) // there is nothing left to take back
	same(t, f.attempt(t, key), 0)
	same(t, f.attempt(t, key), 0)
	same(t, f.attempt(t, key), 1)
	noError(t, f.Forgive(t.Context(), nil, []string{key.Key}))
	same(t, f.attempt(t, key), 1) // the wait stays
	f.clock.advance(time.Second)
	same(t, f.attempt(t, key), 0)
	same(t, f.attempt(t, key), 1) // and does not grow
}

// What is right is forgotten, and what it is counted for besides is one less.
//
// checklist: P4
func testForgive(t *testing.T, f *fixture) {
	ada, block := store.AttemptKey{Key: "ada"}, store.AttemptKey{Key: "block", Free: 2, Unless: "ada"}
	same(t, f.attempt(t, block), 0)
	for range 3 {
		same(t, f.attempt(t, block, ada), 0)
		noError(t, f.Forgive(t.Context(), []string{ada.Key}, []string{block.Key}))
	}
	block.Unless = ""
	same(t, f.attempt(t, block), 0)
	same(t, f.attempt(t, block), 0)
	same(t, f.attempt(t, block), 1)
	noError(t, f.Forgive(t.Context(), nil, nil))
}

// checklist: P4
func testKnown(t *testing.T, f *fixture) {
	block := store.AttemptKey{Key: "block"}
	ada := []store.AttemptKey{{Key: "ada", Free: 5}, {Key: "block", Unless: "ada"}}
	bob := []store.AttemptKey{{Key: "bob", Free: 5}, {Key: "block", Unless: "bob"}}
	same(t, f.attempt(t, block), 0)
	same(t, f.attempt(t, ada...), 1) // not known yet
	noError(t, f.Forgive(t.Context(), []string{"ada"}, nil))
	same(t, f.attempt(t, ada...), 0)
	same(t, f.attempt(t, bob...), 2) // because ada's was counted
	for range 5 {
		same(t, f.attempt(t, ada...), 0)
	}
	same(t, f.attempt(t, ada...), 1) // her own count still holds
	noError(t, f.Forgive(t.Context(), []string{"ada"}, nil))
	f.clock.advance(store.KnownFor - time.Microsecond)
	same(t, f.attempt(t, block), 0)
	same(t, f.attempt(t, ada...), 0)
	f.clock.advance(time.Microsecond)
	same(t, f.attempt(t, ada...), 2)
}

func testAttemptsForgotten(t *testing.T, f *fixture) {
	key := store.AttemptKey{Key: "k"}
	for range 6 {
		same(t, f.attempt(t, key), 0)
		f.clock.advance(store.MaxWait)
	}
	same(t, f.attempt(t, key), 0)
	same(t, f.attempt(t, key), 30)
	f.clock.advance(store.AttemptsForgotten)
	same(t, f.attempt(t, key), 0)
	same(t, f.attempt(t, key), 1)
}

// checklist: P4
func raceAttempts(t *testing.T, c *crowd) {
	var let atomic.Int32
	c.rush(callers, func(_ int, st store.Store) {
		wait, err := st.Attempt(t.Context(), store.AttemptKey{Key: "one", Free: 5}, store.AttemptKey{Key: "two", Free: 1000})
		noErrorInRace(t, err)
		if wait == 0 {
			let.Add(1)
		}
	})
	// The one after the free ones begins the wait.
	if n := let.Load(); n != 6 {
		t.Errorf("%d of %d attempts at once were let in, want 6", n, callers)
	}
}

// A key that is forgiven while others count attempts of it is in nobody's way.
//
// checklist: P4
func raceForgive(t *testing.T, c *crowd) {
	c.rush(callers, func(i int, st store.Store) {
		switch i % 3 {
		case 0:
			noErrorInRace(t, st.Forgive(t.Context(), []string{"two"}, []string{"one"}))
		case 1:
			noErrorInRace(t, st.Forgive(t.Context(), nil, []string{"two", "one"}))
		default:
			_, err := st.Attempt(t.Context(), store.AttemptKey{Key: "two", Free: 1000}, store.AttemptKey{Key: "one", Free: 1000})
			noErrorInRace(t, err)
		}
	})
}

// noErrorInRace is noError for goroutines, which must not end the test.
func noErrorInRace(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("unexpected error: %v", err)
	}
}
