package interceptor

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestLeasesEndInOrderOfTheirDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLeases()
		start := time.Now()
		var mu sync.Mutex
		ended := map[int]time.Duration{}
		for _, minutes := range rand.Perm(100) {
			l.hold(time.Duration(minutes)*time.Minute, func() {
				mu.Lock()
				defer mu.Unlock()
				ended[minutes] = time.Since(start)
			})
		}
		time.Sleep(200 * time.Minute) // the bubble's clock: takes no time
		synctest.Wait()
		if len(ended) != 100 {
			t.Fatalf("%d of 100 leases ended", len(ended))
		}
		for minutes, after := range ended {
			if want := time.Duration(minutes) * time.Minute; after != want {
				t.Errorf("the lease of %v ended after %v", want, after)
			}
		}
	})
}

func TestReleasedLeaseNeverEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLeases()
		var ended []int
		var held []*lease
		for i := range 10 {
			held = append(held, l.hold(time.Duration(10-i)*time.Second, func() { ended = append(ended, i) }))
		}
		for i, h := range held {
			if i != 4 {
				l.release(h)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if !slices.Equal(ended, []int{4}) {
			t.Errorf("ended = %v, want the one that was kept", ended)
		}
		l.release(held[4])
		if len(l.heap) != 0 {
			t.Errorf("%d leases stay behind", len(l.heap))
		}
	})
}

func TestReleaseWaitsForAnEndUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLeases()
		slow := make(chan struct{})
		h := l.hold(time.Second, func() { <-slow })
		fast := make(chan struct{})
		l.hold(time.Second, func() { close(fast) })
		<-fast // a slow end holds up nobody else

		released := make(chan struct{})
		go func() {
			l.release(h)
			close(released)
		}()
		synctest.Wait()
		select {
		case <-released:
			t.Fatal("release returned while the end was under way")
		default:
		}
		close(slow)
		<-released
	})
}

// A clock that is set forward moves every deadline nearer, and no timer.
func TestLeaseEndsSoonAfterTheClockWasSetForward(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLeases()
		ended := make(chan struct{})
		h := l.hold(time.Hour, func() { close(ended) })
		l.mu.Lock()
		h.deadline = time.Now()
		l.mu.Unlock()
		start := time.Now()
		<-ended
		if late := time.Since(start); late > maxWait {
			t.Errorf("ended %v late", late)
		}
	})
}
