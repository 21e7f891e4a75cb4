package labels

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Memo keeps what was made for each Key, so that a decision of a kind that was
// seen before costs a look-up without a lock. The zero Memo is ready; it is
// safe for concurrent use.
type Memo[T any] struct {
	made atomic.Pointer[map[Key]T]
	mu   sync.Mutex // held while a map with one more replaces made
}

// Get is what was made for k. It calls produce when there is nothing yet.
func (m *Memo[T]) Get(k Key, produce func(Key) T) T {
	if made := m.made.Load(); made != nil {
		if v, ok := (*made)[k]; ok {
			return v
		}
	}
	return m.add(k, produce)
}

func (m *Memo[T]) add(k Key, produce func(Key) T) T {
	m.mu.Lock()
	defer m.mu.Unlock()
	made := map[Key]T{}
	if old := m.made.Load(); old != nil {
		if v, ok := (*old)[k]; ok {
			return v
		}
		made = maps.Clone(*old)
	}
	made[k] = produce(k)
	m.made.Store(&made)
	return made[k]
}
