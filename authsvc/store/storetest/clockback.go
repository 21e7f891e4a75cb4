package storetest

import (
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// A clock that is set back makes nobody wait for the time it is behind, and
// forgives no attempt.
//
// checklist: P4
func testAttemptsClockBack(t *testing.T, f *fixture) {
	key := store.AttemptKey{Key: "k"}
	same(t, f.attempt(t, key), 0)
	f.clock.advance(time.Second)
	same(t, f.attempt(t, key), 0) // now the wait is two seconds
	f.clock.advance(-24 * time.Hour)
	same(t, f.attempt(t, key), 0)
	same(t, f.attempt(t, key), 4) // it was the third
}
