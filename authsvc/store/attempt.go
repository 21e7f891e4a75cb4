package store

import (
	"context"
	"time"
)

// AttemptKey is something that attempts are counted for: an account as tried
// from one network, or a network.
type AttemptKey struct {
	// Key names it. It must tell nobody who is meant: a keyed hash.
	Key string
	// Free is how many attempts in a row cost no wait. After them the wait
	// until the next begins with a second and doubles each time.
	Free int
	// Unless is another key of the same call, or "". While that one is known,
	// this one is counted but makes nobody wait.
	Unless string
}

const (
	// MaxWait is the longest wait between two attempts.
	MaxWait = 30 * time.Second
	// AttemptsForgotten is how long after the last attempt they are forgotten.
	AttemptsForgotten = time.Hour
	// KnownFor is how long after a right attempt its key is known, or a day
	// less.
	KnownFor = 30 * 24 * time.Hour
)

// Attempts counts tries to prove who one is, so that all replicas slow down the
// same guesses. An attempt counts as failed until it is forgiven, so that many
// at once don't slip in before the first has failed.
type Attempts interface {
	// Attempt counts one attempt for every key and returns 0, or counts none
	// and returns how long to wait when it is too early for one of them. By
	// the store's clock, in one step; a wait is over when that was set back.
	Attempt(ctx context.Context, keys ...AttemptKey) (wait time.Duration, err error)

	// Forgive forgets the attempts of the keys in right, which are known from
	// now on: the last one was right. Of those in pardoned it takes back one
	// attempt, because it was right or was never judged; a wait that it began
	// stays. All in one step. Each key stands once, in one of them; either may
	// be empty.
	Forgive(ctx context.Context, right, pardoned []string) error
}

// WaitAfter is how long to wait after the n-th attempt in a row of which free
// cost nothing.
func WaitAfter(n, free int) time.Duration {
	over := n - free
	switch {
	case over < 1:
		return 0
	case over > 5:
		return MaxWait
	}
	return min(time.Second<<(over-1), MaxWait)
}
