package password

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// queue lets a few hashes run and a bounded number of callers wait. It is fair
// between origins, not between calls: those who wait are served in turns, one
// of each origin, and when there is no place left to wait, the origin that has
// the most gives one up ("longest queue drop"). An origin alone may have all of
// it; a flood from one takes nothing from the others.
type queue struct {
	lanes  int // how many ordinary hashes run at once
	places int // how many callers may wait

	mu      sync.Mutex
	free    int64 // KiB
	running int
	waiting int
	shares  map[netip.Prefix]*share
	turns   []*share // those that wait; the first is served next
	mean    time.Duration
}

// share is what waits for one origin, the oldest first. It is never empty.
type share struct {
	origin  netip.Prefix
	waiters []*waiter
}

// waiter is told nil when it may run, or why not.
type waiter struct {
	room int64
	told chan error
}

// firstGuess is what a hash is thought to take before one was measured.
const firstGuess = 25 * time.Millisecond

func newQueue(lanes, places int, capacity int64) *queue {
	return &queue{lanes: lanes, places: places, free: capacity, shares: map[netip.Prefix]*share{}, mean: firstGuess}
}

// enter waits for room and for its turn. A nil error is to be followed by leave.
func (q *queue) enter(ctx context.Context, origin netip.Prefix, room int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w, err := q.line(origin, room)
	if w == nil {
		return err
	}
	select {
	case err := <-w.told:
		return err
	case <-ctx.Done():
		q.giveUp(origin, w)
		return ctx.Err()
	}
}

// line lets a caller in at once (nil, nil), gives it a place to wait, or turns
// it away.
func (q *queue) line(origin netip.Prefix, room int64) (*waiter, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting == 0 && room <= q.free {
		q.start(room)
		return nil, nil
	}
	if q.waiting >= q.places && !q.makePlace(origin) {
		return nil, q.busy()
	}
	w := &waiter{room: room, told: make(chan error, 1)}
	s, ok := q.shares[origin]
	if !ok {
		s = &share{origin: origin}
		q.shares[origin], q.turns = s, append(q.turns, s)
	}
	s.waiters = append(s.waiters, w)
	q.waiting++
	return w, nil
}

// makePlace turns away the newest caller of the origin that has the most, if
// that still has no less than the one that asks.
func (q *queue) makePlace(origin netip.Prefix) bool {
	if len(q.turns) == 0 {
		return false
	}
	most := slices.MaxFunc(q.turns, func(a, b *share) int { return len(a.waiters) - len(b.waiters) })
	mine := 0
	if s, ok := q.shares[origin]; ok {
		mine = len(s.waiters)
	}
	if len(most.waiters) <= mine+1 {
		return false
	}
	w := most.waiters[len(most.waiters)-1]
	q.remove(most, w)
	w.told <- q.busy()
	return true
}

// giveUp takes a caller out of the line. One that was let in meanwhile leaves
// as if it had run.
func (q *queue) giveUp(origin netip.Prefix, w *waiter) {
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case err := <-w.told:
		if err == nil {
			q.stop(w.room)
		}
	default:
		q.remove(q.shares[origin], w)
	}
	q.next()
}

// leave gives the room back and notes how long it was taken.
func (q *queue) leave(room int64, took time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.mean += (took - q.mean) / 8
	q.stop(room)
	q.next()
}

// next lets in who is first, and stops at one that needs more than there is:
// passing it over could go on for ever.
func (q *queue) next() {
	for len(q.turns) > 0 {
		s := q.turns[0]
		w := s.waiters[0]
		if w.room > q.free {
			return
		}
		q.turns = append(q.turns[1:], s)
		q.remove(s, w)
		q.start(w.room)
		w.told <- nil
	}
}

func (q *queue) start(room int64) { q.free, q.running = q.free-room, q.running+1 }

func (q *queue) stop(room int64) { q.free, q.running = q.free+room, q.running-1 }

// remove takes a waiter out, and its share when it was the last.
func (q *queue) remove(s *share, w *waiter) {
	q.waiting--
	i := slices.Index(s.waiters, w)
	s.waiters = slices.Delete(s.waiters, i, i+1)
	if len(s.waiters) > 0 {
		return
	}
	delete(q.shares, s.origin)
	i = slices.Index(q.turns, s)
	q.turns = slices.Delete(q.turns, i, i+1)
}
