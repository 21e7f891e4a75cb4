package token

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	defaultCooldown = 30 * time.Second
	defaultMaxAge   = 24 * time.Hour
	// fetchTimeout bounds one fetch, discovery included, whoever waits for it.
	fetchTimeout = 10 * time.Second
	// firstRetry is how soon a first fetch that failed is tried again. The
	// time doubles with each until it is the cool-down.
	firstRetry = time.Second
)

// RemoteKeysConfig configures [NewRemoteKeys]. Exactly one of Issuer and URL
// must be set, to an address that is https, or http on a loopback address.
type RemoteKeysConfig struct {
	// Issuer is the issuer whose metadata says where its keys are (OpenID
	// Connect Discovery 1.0 §4, RFC 8414 §3). It must be the `iss` of its
	// tokens, and the metadata must name it, byte for byte.
	Issuer string
	// URL of the issuer's JWK Set, for one that has no metadata.
	URL string
	// HTTPClient fetches; nil means a client of its own. Its redirect policy
	// counts beside ours: a redirect keeps the scheme, and http does not leave
	// this machine.
	HTTPClient *http.Client
	// Cooldown is the least time between two fetches. Zero means 30 s.
	Cooldown time.Duration
	// MaxAge is how long a set is trusted while it can't be fetched again.
	// Zero means 24 h. It can't be shorter than the cool-down.
	MaxAge time.Duration
	// Algorithms are those that the keys may be for, as in [ParseJWK]; keys for
	// others are ignored. Empty means all, and then an RSA key without `alg`
	// is for RS256: name PS256 for an issuer that signs with such a key.
	Algorithms []Algorithm
	// InsecureAllowHTTP allows http to anywhere. Whoever can change what the
	// issuer answers on the way can then sign tokens.
	InsecureAllowHTTP bool
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// RemoteKeys is a [KeySet] that fetches an issuer's JWK Set (RFC 7517 §5)
// when it is first asked; when the set is no longer fresh; and when an unknown
// key is asked for. Only callers that nothing can be answered to wait.
//
// A set is fresh for as long as the Cache-Control of its answer says, but at
// least a minute and at most an hour; for 5 minutes when it does not say; and
// for half of MaxAge at most. Up to a fifth of that is taken off at random, so
// that many servers do not ask at once. Where the keys are is asked anew with
// each fetch.
//
// At most one fetch runs, at most one a cool-down begins, each ends within
// 10 s, and none is tied to the context of the call that began it. Only while
// no fetch has succeeded yet is it tried sooner: after a second, then two,
// four and so on. A set may have a megabyte and 100 keys. Keys in it that are
// broken, private, or not for verifying are left out, and of two with one id
// the first counts. Where none is left the fetch has failed; a set that is
// empty withdraws all keys.
//
// It is safe for concurrent use and has nothing to close: no goroutine
// outlives its fetch.
type RemoteKeys struct {
	source   *remoteSource
	cooldown time.Duration
	maxAge   time.Duration
	now      func() time.Time

	set atomic.Pointer[remoteSet] // nil until a fetch has succeeded

	mu       sync.Mutex
	tried    time.Time     // when the last fetch began
	failure  error         // of the last fetch, nil when it succeeded
	flight   chan struct{} // closed when the running fetch is done; nil when none runs
	fetches  uint64        // that have begun
	failures uint64
}

// remoteSet is what a fetch brought. It is not changed.
type remoteSet struct {
	ring    keyRing
	fetched time.Time     // when the fetch began
	fresh   time.Duration // since then
}

// NewRemoteKeys checks the configuration. It does not fetch yet, so that an
// issuer that is down keeps nothing from starting; [RemoteKeys.WaitReady]
// does.
func NewRemoteKeys(config RemoteKeysConfig) (*RemoteKeys, error) {
	source, err := newRemoteSource(config)
	if err != nil {
		return nil, err
	}
	r := &RemoteKeys{source: source, cooldown: config.Cooldown, maxAge: config.MaxAge, now: config.Now}
	if r.cooldown == 0 {
		r.cooldown = defaultCooldown
	}
	if r.maxAge == 0 {
		r.maxAge = defaultMaxAge
	}
	if r.now == nil {
		r.now = time.Now
	}
	switch {
	case r.cooldown < 0 || r.maxAge < 0:
		return nil, errors.New("token: cool-down and maximum age of a key set can't be negative")
	case r.maxAge < r.cooldown:
		return nil, fmt.Errorf("token: a key set can't be fetched again within its maximum age of %s: the cool-down is %s", r.maxAge, r.cooldown)
	}
	return r, nil
}

// Key implements [KeySet].
//
// A known key is answered at once, however old the set is, up to MaxAge. For
// an unknown one a single caller a cool-down waits for a fetch; the others are
// answered [ErrUnknownKey] at once, so that invented ids block nobody. The
// cool-down bounds what they cost the issuer, whatever the ids are, and none
// is remembered: a list of bad ones would save nothing but a look into a map,
// and each new id would pass it.
//
// While the issuer does not answer, an unknown key is [ErrKeysUnavailable],
// because it may be a new one; so is every key when there is no set to go by.
func (r *RemoteKeys) Key(ctx context.Context, kid string, alg Algorithm) (*Key, error) {
	now := r.now()
	set, age := r.usable(now)
	if key, ok := set.find(kid, alg); ok {
		if age >= set.fresh {
			r.refresh(now)
		}
		return key, nil
	}
	if flight, mine := r.refresh(now); flight != nil && (mine || set == nil) {
		select {
		case <-flight:
		case <-ctx.Done():
			return nil, fmt.Errorf("token: waiting for the issuer's keys: %w", ctx.Err())
		}
	}
	return r.find(kid, alg)
}

// find looks only at what is there.
func (r *RemoteKeys) find(kid string, alg Algorithm) (*Key, error) {
	set, _ := r.usable(r.now())
	if key, ok := set.find(kid, alg); ok {
		return key, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if set != nil && r.failure == nil {
		return nil, ErrUnknownKey
	}
	return nil, r.unavailable()
}

// unavailable says why there are no keys. The caller holds mu.
func (r *RemoteKeys) unavailable() error {
	if r.failure == nil {
		return ErrKeysUnavailable
	}
	return fmt.Errorf("%w: %w", ErrKeysUnavailable, r.failure)
}

// usable is the set that is there and its age, unless it is too old.
func (r *RemoteKeys) usable(now time.Time) (*remoteSet, time.Duration) {
	set := r.set.Load()
	if set == nil {
		return nil, 0
	}
	if age := elapsed(now, set.fetched); age < r.maxAge {
		return set, age
	}
	return nil, 0
}

func (s *remoteSet) find(kid string, alg Algorithm) (*Key, bool) {
	if s == nil {
		return nil, false
	}
	return s.ring.find(kid, alg)
}

// refresh begins a fetch, unless one runs or it is too soon. It returns the
// one that runs, if any, and whether this call began it.
func (r *RemoteKeys) refresh(now time.Time) (flight <-chan struct{}, mine bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flight != nil || r.fetches > 0 && elapsed(now, r.tried) < r.pause() {
		return r.flight, false
	}
	r.flight, r.tried = make(chan struct{}), now
	r.fetches++
	go r.fetch(r.flight, now)
	return r.flight, true
}

// pause is the least time between the last fetch and the next. The caller
// holds mu.
func (r *RemoteKeys) pause() time.Duration {
	if r.set.Load() == nil && r.failures > 0 { // then all have failed
		return min(firstRetry<<min(r.failures-1, 20), r.cooldown)
	}
	return r.cooldown
}

func (r *RemoteKeys) fetch(done chan<- struct{}, began time.Time) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	ring, fresh, err := r.source.get(ctx)
	r.land(ring, began, min(fresh, r.maxAge/2), err)
	close(done)
}

func (r *RemoteKeys) land(ring keyRing, began time.Time, fresh time.Duration, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flight, r.failure = nil, err
	if err != nil {
		r.failures++
		return
	}
	fresh -= rand.N(fresh/5 + 1) //nolint:gosec // what is spread over time is no secret
	r.set.Store(&remoteSet{ring: ring, fetched: began, fresh: fresh})
}
