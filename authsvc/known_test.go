package authsvc_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// A block of addresses that was closed by one who tries names stays open to
// those who logged in from there before.
//
// checklist: P4
func TestABlockStaysOpenToThoseWhoAreKnownThere(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, overTLS)
		wantRefusal(t, w.guessFrom("203.0.113.7", "ada", adaPassword), "OK")
		var guessers sync.WaitGroup // many, because each waits for its tick
		for i := range 13 {
			guessers.Go(func() {
				for j := range 77 {
					wantRefusal(t, w.guessFrom("203.0.113.66", fmt.Sprint("name", i, j), "password1"), "Unauthenticated INVALID_CREDENTIALS")
				}
			})
		}
		guessers.Wait()
		wantRefusal(t, w.guessFrom("203.0.113.8", "carol", "whatever it is"), "ResourceExhausted THROTTLED")
		wantRefusal(t, w.guessFrom("203.0.113.7", "ada", adaPassword), "OK")
		// Nor is a known account open to guesses.
		for range 6 {
			wantRefusal(t, w.guessFrom("203.0.113.66", "ada", "password1"), "Unauthenticated INVALID_CREDENTIALS")
		}
		wantRefusal(t, w.guessFrom("203.0.113.66", "ada", "password1"), "ResourceExhausted THROTTLED")
		w.clock.advance(time.Minute)
		wantRefusal(t, w.guessFrom("203.0.113.7", "ada", adaPassword), "OK")
		w.clock.advance(store.KnownFor)
		wantRefusal(t, w.guessFrom("203.0.113.7", "ada", adaPassword), "OK") // all is forgotten by then
	})
}
