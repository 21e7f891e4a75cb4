package authsvc

import (
	"sync"
	"time"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// How often a client may get a token for itself, and as often take one back, at
// each server. A client that keeps its tokens until they expire is far below.
const (
	pacePerSecond = 100
	paceBurst     = 1000
)

// pace bounds how often each client has something done, so that one that runs
// wild does not fill the store or take the processor from the others. It is
// asked only for clients that are registered, so it does not grow without
// bound.
type pace struct {
	now func() time.Time

	mu sync.Mutex
	of map[string]*allowance
}

// allowance is how much was left of the burst at a time.
type allowance struct {
	left float64
	at   time.Time
}

func newPace(now func() time.Time) *pace {
	return &pace{now: now, of: map[string]*allowance{}}
}

// take counts one, or fails with THROTTLED and the time to come again.
func (p *pace) take(client string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	a, ok := p.of[client]
	if !ok {
		a = &allowance{left: paceBurst, at: now}
		p.of[client] = a
	}
	passed := max(0, now.Sub(a.at)) // a clock that was set back gives nothing
	a.left, a.at = min(paceBurst, a.left+passed.Seconds()*pacePerSecond), now
	if a.left < 1 {
		return fault.Because(grpcauthv1.Reason_REASON_THROTTLED, nil, fault.RetryAfter(time.Second))
	}
	a.left--
	return nil
}
