package interceptor

import (
	"container/heap"
	"sync"
	"time"
)

// leases ends streams at their deadline: one heap and one timer for all of
// them.
type leases struct {
	mu    sync.Mutex
	heap  leaseHeap
	timer *time.Timer
}

func newLeases() *leases { return &leases{} }

// lease is the time a stream may live. end is called at most once, on a
// goroutine of its own, when that time is over; it is not called after
// release has returned.
type lease struct {
	deadline time.Time
	index    int // in the heap, or -1
	end      func()
	ended    chan struct{} // closed when end has returned; nil until it is called
}

// hold opens a lease that calls end when that much time has passed, by the
// time of day.
func (l *leases) hold(remaining time.Duration, end func()) *lease {
	h := &lease{deadline: time.Now().Round(0).Add(remaining), end: end} // Round takes the monotonic reading away
	l.mu.Lock()
	defer l.mu.Unlock()
	heap.Push(&l.heap, h)
	l.schedule()
	return h
}

// release gives a lease back. When its end is under way, release waits for
// it.
func (l *leases) release(h *lease) {
	l.mu.Lock()
	if h.index >= 0 {
		heap.Remove(&l.heap, h.index)
		l.schedule()
	}
	ended := h.ended
	l.mu.Unlock()
	if ended != nil {
		<-ended
	}
}

// expire ends every lease whose deadline has passed. Each end has a goroutine
// of its own, owned by the stream's release: a connection that is slow to
// take a status must not hold up the others.
func (l *leases) expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for now := time.Now(); len(l.heap) > 0 && !l.heap[0].deadline.After(now); {
		h := heap.Pop(&l.heap).(*lease)
		h.ended = make(chan struct{})
		go func() {
			defer close(h.ended)
			h.end()
		}()
	}
	l.schedule()
}

// maxWait is how late a lease may end when the clock is set forward or the
// machine was suspended: a deadline is a time of day, a timer counts time that
// passes.
const maxWait = 10 * time.Second

// schedule sets the timer to the earliest deadline, or stops it when no
// stream is open.
func (l *leases) schedule() {
	if len(l.heap) == 0 {
		if l.timer != nil {
			l.timer.Stop()
		}
		return
	}
	wait := min(time.Until(l.heap[0].deadline), maxWait)
	if l.timer == nil {
		l.timer = time.AfterFunc(wait, l.expire)
		return
	}
	l.timer.Reset(wait)
}

// leaseHeap is a container/heap by deadline, earliest first.
type leaseHeap []*lease

func (h leaseHeap) Len() int           { return len(h) }
func (h leaseHeap) Less(i, j int) bool { return h[i].deadline.Before(h[j].deadline) }

func (h leaseHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *leaseHeap) Push(x any) {
	l := x.(*lease)
	l.index = len(*h)
	*h = append(*h, l)
}

func (h *leaseHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	last.index = -1
	return last
}
