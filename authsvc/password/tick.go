package password

import (
	"context"
	"sync"
	"time"
)

// tick is when refusals leave: as long after the hash was begun as the
// costliest kind of hash takes, and a quarter more, so that little noise shows.
// Thus nobody can tell by the time a user who does not exist, a hash of today's
// cost, a cheaper one, and an imported one that costs ten times as much.
//
// It is measured, not set. Of each function the costliest hash seen is
// remembered, so an import that is slower than all before shows once in the
// life of a process, and then never.
type tick struct {
	mu      sync.Mutex
	slowest map[function]pace
}

// pace is what the costliest hash of a function takes.
type pace struct {
	work uint64
	mean time.Duration
}

// maxTick bounds what a stalled machine can do to it.
const maxTick = 3 * time.Second

func newTick() *tick { return &tick{slowest: map[function]pace{}} }

// observe notes that a hash took so long. Cheaper ones say nothing.
func (t *tick) observe(c cost, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch known, ok := t.slowest[c.function]; {
	case !ok || c.work > known.work:
		t.slowest[c.function] = pace{work: c.work, mean: took}
	case c.work == known.work:
		known.mean += (took - known.mean) / 8
		t.slowest[c.function] = known
	}
}

func (t *tick) length() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	var longest time.Duration
	for _, p := range t.slowest {
		longest = max(longest, p.mean)
	}
	return min(longest+longest/4, maxTick)
}

// wait holds a refusal back until the tick is over. The error is ctx's.
func (t *tick) wait(ctx context.Context, begun time.Time) error {
	timer := time.NewTimer(t.length() - time.Since(begun))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
