package token

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	defaultCooldown = 30 * time.Second
	defaultMaxAge   = 24 * time.Hour
	// refreshAfter is the age at which a set is fetched again even though
	// every key asked for was in it, so that withdrawn keys leave it.
	refreshAfter = 5 * time.Minute
	// fetchTimeout bounds one fetch, whoever waits for it.
	fetchTimeout = 10 * time.Second
)

// RemoteKeysConfig configures [NewRemoteKeys].
type RemoteKeysConfig struct {
	// URL of the issuer's JWK Set: https, or http on a loopback address.
	// Required.
	URL string
	// HTTPClient fetches; nil means a client of its own. Redirects are held
	// to the rules of URL on top of its own policy.
	HTTPClient *http.Client
	// Cooldown is the least time between two fetches. Zero means 30 s.
	Cooldown time.Duration
	// MaxAge is how long a set is trusted while it can't be fetched again.
	// Zero means 24 h.
	MaxAge time.Duration
	// InsecureAllowHTTP allows http to anywhere. Whoever can change what the
	// issuer answers on the way can then sign tokens.
	InsecureAllowHTTP bool
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// RemoteKeys is a [KeySet] that fetches an issuer's JWK Set (RFC 7517 §5)
// when it is first asked, again when the set is 5 minutes old, and when an
// unknown key is asked for. At most one fetch runs, at most one a cool-down
// begins, and none is tied to the context of the call that began it. Only
// callers that nothing can be answered to wait for it.
//
// It is safe for concurrent use and has nothing to close: no goroutine
// outlives its fetch.
type RemoteKeys struct {
	source   jwksSource
	cooldown time.Duration
	maxAge   time.Duration
	now      func() time.Time

	mu      sync.Mutex
	ring    keyRing       // nil until a fetch has succeeded
	fetched time.Time     // when the fetch of ring began
	tried   time.Time     // when the last fetch began
	failure error         // of the last fetch, nil when it succeeded
	flight  chan struct{} // closed when the running fetch is done; nil when none runs
}

// NewRemoteKeys checks the configuration. It does not fetch yet.
func NewRemoteKeys(config RemoteKeysConfig) (*RemoteKeys, error) {
	if config.Cooldown < 0 || config.MaxAge < 0 {
		return nil, errors.New("token: cool-down and maximum age of a key set can't be negative")
	}
	source, err := newJWKSSource(config)
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
	return r, nil
}

// Key implements [KeySet].
//
// A known key is answered at once, however old the set is, up to MaxAge. For
// an unknown one a single caller a cool-down waits for a fetch; the others are
// answered [ErrUnknownKey] at once, so that invented ids block nobody. While
// the issuer does not answer, an unknown key is [ErrKeysUnavailable], because
// it may be a new one; so is every key when there is no set to go by.
func (r *RemoteKeys) Key(ctx context.Context, kid string, alg Algorithm) (*Key, error) {
	key, flight, err := r.answer(kid, alg)
	if flight == nil {
		return key, err
	}
	select {
	case <-flight:
	case <-ctx.Done():
		return nil, fmt.Errorf("token: waiting for the issuer's keys: %w", ctx.Err())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.find(kid, alg)
}

// answer returns what is known, or the fetch to wait for.
func (r *RemoteKeys) answer(kid string, alg Algorithm) (*Key, <-chan struct{}, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key, err := r.find(kid, alg)
	if err == nil {
		if r.now().Sub(r.fetched) >= refreshAfter {
			r.fetch()
		}
		return key, nil, nil
	}
	if started := r.fetch(); started || !r.usable() {
		return nil, r.flight, err
	}
	return nil, nil, err
}

// find looks only at what is there. The caller holds mu.
func (r *RemoteKeys) find(kid string, alg Algorithm) (*Key, error) {
	if r.usable() {
		if key, ok := r.ring.find(kid, alg); ok {
			return key, nil
		}
		if r.failure == nil {
			return nil, ErrUnknownKey
		}
	}
	if r.failure == nil {
		return nil, ErrKeysUnavailable
	}
	return nil, fmt.Errorf("%w: %w", ErrKeysUnavailable, r.failure)
}

// usable reports whether there is a set that is not too old. The caller holds
// mu.
func (r *RemoteKeys) usable() bool {
	return r.ring != nil && r.now().Sub(r.fetched) < r.maxAge
}

// fetch begins a fetch, unless one runs or the last began less than a
// cool-down ago. The caller holds mu.
func (r *RemoteKeys) fetch() (started bool) {
	now := r.now()
	if r.flight != nil || !r.tried.IsZero() && now.Sub(r.tried) < r.cooldown {
		return false
	}
	done := make(chan struct{})
	r.flight, r.tried = done, now
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
		defer cancel()
		ring, err := r.source.get(ctx)
		r.land(ring, err)
		close(done)
	}()
	return true
}

func (r *RemoteKeys) land(ring keyRing, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flight, r.failure = nil, err
	if err == nil {
		r.ring, r.fetched = ring, r.tried
	}
}
