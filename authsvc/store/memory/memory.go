package memory

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// Store is a [store.Store] in memory, safe for concurrent use. One mutex
// guards it all, so every method is atomic.
type Store struct {
	now func() time.Time

	mu       sync.Mutex
	closed   bool
	sessions map[string]store.Session // by id
	counters map[string]int64         // by subject
	users    map[string]store.User    // by subject
	subjects map[string]string        // by username
	keys     []store.SigningKey       // the oldest first
	attempts map[string]attempt       // by key
	known    map[string]time.Time     // by key, until when
	clients  map[string]store.Client  // by id
	raised   map[string]int64         // clients' counters, by id; 1 where there is none
	revoked  map[string]time.Time     // when the token expires, by its id
	once     map[string]time.Time     // until when, by key
	ledger   store.Ledger
	events   []store.Event // the oldest first
	entries  []store.Entry // the oldest first
}

var _ store.Store = (*Store)(nil)

// Option changes what New makes.
type Option func(*Store)

// WithNow sets the clock that sessions expire by. Default: time.Now.
func WithNow(now func() time.Time) Option { return func(s *Store) { s.now = now } }

// New makes an empty store.
func New(opts ...Option) *Store {
	s := &Store{
		now:      time.Now,
		sessions: map[string]store.Session{},
		counters: map[string]int64{},
		users:    map[string]store.User{},
		subjects: map[string]string{},
		attempts: map[string]attempt{},
		known:    map[string]time.Time{},
		clients:  map[string]store.Client{},
		raised:   map[string]int64{},
		revoked:  map[string]time.Time{},
		once:     map[string]time.Time{},
		ledger:   store.Ledger{Epoch: 1, All: 1},
	}
	for _, o := range opts {
		o(s)
	}
	return s
}

// Close makes everything after it fail with [store.ErrUnavailable]. It never
// fails itself.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// Format prints the type only, whatever the verb: the records redact
// themselves, but fmt does not ask what lies in unexported fields.
func (s *Store) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "memory.Store{redacted}") }

// lock takes the mutex and gives its release.
func (s *Store) lock(ctx context.Context) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, fmt.Errorf("%w: it is closed", store.ErrUnavailable)
	}
	return s.mu.Unlock, nil
}
