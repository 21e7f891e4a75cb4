package authclient

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// renewTimeout bounds one renewal. An answer that was lost must be asked
	// for again before anybody's patience ends.
	renewTimeout = 10 * time.Second
	// renewSpacing keeps absurdly short lifetimes from becoming a busy loop.
	renewSpacing = time.Second
)

// renewer keeps a grant that can be sent, for a user or for a client. It is
// what [Session] and [ClientCredentials] have in common.
type renewer struct {
	name      string // for people who print it
	transport transportGuard
	// fetch gets the next grant. An error that is ErrSessionEnded is the last.
	fetch func(context.Context) (*grant, error)

	current atomic.Pointer[grant] // stored under mu, read by every call
	wake    chan struct{}         // a flight is wanted
	stop    context.CancelFunc
	done    chan struct{} // closed when the goroutine has returned

	mu     sync.Mutex
	flight *flight // the renewal that is wanted or under way, if any
	pace   pace    // of renewals that fail
	last   error   // why the last renewal failed
	futile pace    // of renewals that did not help the call they were for
}

// flight is one renewal: the answer that everyone who waits for it will get.
type flight struct {
	landed chan struct{} // closed when grant and err are set
	grant  *grant
	err    error
}

// landed is a flight that needs no waiting for.
func landed(g *grant, err error) *flight {
	f := &flight{landed: make(chan struct{}), grant: g, err: err}
	close(f.landed)
	return f
}

func newRenewer(name string, transport transportGuard) *renewer {
	return &renewer{name: name, transport: transport, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// start begins with g, which may have expired.
func (r *renewer) start(g *grant, fetch func(context.Context) (*grant, error)) {
	ctx, stop := context.WithCancel(context.Background())
	r.fetch, r.stop = fetch, stop
	r.current.Store(g)
	go r.run(ctx)
}

// run is the goroutine: the only one that renews. So there is never more than
// one renewal, and no caller's context can end it.
func (r *renewer) run(ctx context.Context) {
	defer close(r.done)
	defer r.stop()
	timer := time.NewTimer(untilRenewal(r.current.Load()))
	defer timer.Stop()
	for r.current.Load().over == nil {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-r.wake:
			if !r.wanted() { // the timer was first and this call was served
				continue
			}
		}
		timer.Reset(r.renew(ctx))
	}
}

func untilRenewal(g *grant) time.Duration {
	return max(time.Until(g.renew), renewSpacing)
}

// grant is a grant whose access token may be sent, renewed first if need be.
func (r *renewer) grant(ctx context.Context) (*grant, error) {
	g := r.current.Load()
	switch {
	case g.over != nil:
		return nil, g.over
	case g.usable():
		return g, nil
	default:
		return r.replace(ctx, g, false)
	}
}

// replace waits under ctx until another grant stands in the place of old. It
// asks for a renewal unless that is so already or, when it does not insist,
// the last one failed only just now.
func (r *renewer) replace(ctx context.Context, old *grant, insist bool) (*grant, error) {
	f := r.join(old, insist)
	select {
	case <-f.landed:
		return f.grant, f.err
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
}

func (r *renewer) join(old *grant, insist bool) *flight {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch g := r.current.Load(); {
	case g.over != nil:
		return landed(nil, g.over)
	case g != old:
		return landed(g, nil)
	case r.flight != nil:
		return r.flight
	case r.pace.resting() && !insist:
		return landed(nil, r.last)
	}
	r.flight = &flight{landed: make(chan struct{})}
	select {
	case r.wake <- struct{}{}:
	default: // an older wake-up is still there, and it will do
	}
	return r.flight
}

func (r *renewer) wanted() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.flight != nil
}

// renew renews once, tells everyone who waits, and is how long to wait before
// the next renewal.
func (r *renewer) renew(ctx context.Context) time.Duration {
	r.mu.Lock()
	if r.flight == nil {
		r.flight = &flight{landed: make(chan struct{})}
	}
	old := r.current.Load()
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	g, err := r.fetch(ctx)

	r.mu.Lock()
	defer r.mu.Unlock()
	switch now := r.current.Load(); {
	case now.over != nil: // ended meanwhile, and everyone was told
		return 0
	case now != old && (err != nil || g.session != now.session): // the user proved anew who they are
		return untilRenewal(now)
	case err == nil:
		r.putLocked(g)
		return untilRenewal(g)
	case errors.Is(err, ErrSessionEnded):
		r.endLocked(err)
		return 0
	default:
		r.last = fail(renewalCode(err), errRenewal, err)
		r.land(nil, r.last)
		return r.pace.fail(retryDelay(err))
	}
}

// put puts g in the place of the grant, unless there is none any more: then it
// returns why.
func (r *renewer) put(g *grant) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if over := r.current.Load().over; over != nil {
		return over
	}
	r.putLocked(g)
	return nil
}

func (r *renewer) putLocked(g *grant) {
	r.pace = pace{}
	r.current.Store(g)
	r.land(g, nil)
}

// end puts why in the place of the grant and stops the goroutine. What ended
// it first stays.
func (r *renewer) end(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current.Load().over == nil {
		r.endLocked(why)
	}
}

// endOf is end for one session. It reports false where another one has taken
// its place, which goes on.
func (r *renewer) endOf(session string, why error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.current.Load()
	if now.over == nil && now.session != session {
		return false
	}
	if now.over == nil {
		r.endLocked(why)
	}
	return true
}

func (r *renewer) endLocked(why error) {
	r.current.Store(&grant{over: why})
	r.land(nil, why)
	r.stop()
}

// land tells everyone who waits for the flight, if there is one. The caller
// holds mu.
func (r *renewer) land(g *grant, err error) {
	if f := r.flight; f != nil {
		f.grant, f.err = g, err
		close(f.landed)
		r.flight = nil
	}
}

// Close stops the renewals and waits until their goroutine is gone.
// Everything that uses it fails with [ErrClosed] from then on. Closing twice
// does no harm. At the server nothing ends: a session stands until it
// expires or [Session.Logout] ends it, and one with a [TokenStore] can be
// gone on with by [Resume].
func (r *renewer) Close() {
	r.end(fail(codes.Canceled, ErrClosed, nil))
	<-r.done
}
