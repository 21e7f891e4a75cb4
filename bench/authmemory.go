package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/password"
)

// waitingLogins is how many are in the server at once when its memory is
// measured, and twice as many as when refreshes are.
const waitingLogins = 500

// memoryUse is the heap of server and callers together, in bytes.
type memoryUse struct {
	Logins int `json:"logins"`
	Hashes int `json:"hashes"` // at once
	// Idle is before the logins. Peak is the most that the heap took while
	// they ran, what was not yet collected included.
	Idle uint64 `json:"idle_bytes"`
	Peak uint64 `json:"peak_bytes"`
	// Argon2 is what one hash fills.
	Argon2 uint64 `json:"argon2_bytes"`
}

// All is what a hash for each login would fill.
func (m memoryUse) All() uint64 { return uint64(m.Logins) * m.Argon2 } //nolint:gosec // a few hundred

// measureMemory has so many users log in at once, with a place in the
// queue for each.
func measureMemory(logins int) (memoryUse, error) {
	processors := runtime.GOMAXPROCS(0)
	s, err := newService(inMemory, logins, password.Config{Concurrency: processors, Waiting: logins})
	if err != nil {
		return memoryUse{}, err
	}
	defer s.stop()
	debug.FreeOSMemory()
	use := memoryUse{
		Logins: logins, Hashes: processors, Idle: heap(), Argon2: uint64(password.Default().MemoryKiB) << 10,
	}
	peak := watchHeap()
	failed := make(chan error, logins)
	var callers sync.WaitGroup
	for user := range logins {
		callers.Go(func() {
			_, err := s.login(context.Background(), user)
			failed <- err
		})
	}
	callers.Wait()
	use.Peak = peak()
	for range logins {
		if err := <-failed; err != nil {
			return memoryUse{}, err
		}
	}
	return use, nil
}

// watchHeap looks at the heap every millisecond until peak asks for the most.
func watchHeap() (peak func() uint64) {
	over, most := make(chan struct{}), make(chan uint64)
	go func() {
		var high uint64
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			high = max(high, heap())
			select {
			case <-tick.C:
			case <-over:
				most <- high
				return
			}
		}
	}()
	return func() uint64 {
		close(over)
		return <-most
	}
}

// heap is what objects take that live or are not yet swept.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
