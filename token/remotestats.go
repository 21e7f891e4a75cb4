package token

import (
	"context"
	"fmt"
	"time"
)

// RemoteKeysStats is how a [RemoteKeys] is doing.
type RemoteKeysStats struct {
	// Ready reports whether there is a set of keys that is not too old.
	Ready bool
	// Keys is how many keys the newest set has, whatever its age.
	Keys int
	// Age is how long ago the newest set was asked for. Zero without one.
	Age time.Duration
	// Fetches is how many have begun, and Failures how many of them have
	// failed.
	Fetches, Failures uint64
	// LastError is why the last fetch that has ended failed. Nil when it did
	// not.
	LastError error
}

// Stats says how old the keys are and how their fetches went, for metrics and
// for a readiness probe. It begins no fetch.
func (r *RemoteKeys) Stats() RemoteKeysStats {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	stats := RemoteKeysStats{Fetches: r.fetches, Failures: r.failures, LastError: r.failure}
	if set := r.set.Load(); set != nil {
		stats.Keys, stats.Age = len(set.ring), elapsed(now, set.fetched)
		stats.Ready = stats.Age < r.maxAge
	}
	return stats
}

// WaitReady returns when the issuer's key set is there, for servers that
// should take no calls before. It fetches as often as Key would. When the
// context ends first the error is [ErrKeysUnavailable], with the reason of the
// last failure, and the context's.
func (r *RemoteKeys) WaitReady(ctx context.Context) error {
	for {
		now := r.now()
		if set, _ := r.usable(now); set != nil {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return r.notReady(err)
		}
		flight, _ := r.refresh(now)
		if err := r.waitFor(ctx, flight); err != nil {
			return r.notReady(err)
		}
	}
}

// waitFor waits for a fetch, or without one until the next may begin.
func (r *RemoteKeys) waitFor(ctx context.Context, flight <-chan struct{}) error {
	var again <-chan time.Time
	if flight == nil {
		timer := time.NewTimer(r.untilRetry())
		defer timer.Stop()
		again = timer.C
	}
	select {
	case <-flight:
	case <-again:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

func (r *RemoteKeys) untilRetry() time.Duration {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pause() - elapsed(now, r.tried)
}

func (r *RemoteKeys) notReady(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Errorf("%w: %w", r.unavailable(), err)
}
