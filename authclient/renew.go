package authclient

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

const (
	// renewTimeout bounds one Refresh. An answer that was lost must be asked
	// for again before the server's window for that closes.
	renewTimeout = 10 * time.Second
	// renewSpacing keeps absurdly short lifetimes from becoming a busy loop.
	renewSpacing = time.Second
)

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

// run is the session's goroutine: the only one that renews. So there is never
// more than one renewal, and no caller's context can end it.
func (s *Session) run(ctx context.Context) {
	defer close(s.done)
	defer s.stop()
	timer := time.NewTimer(untilRenewal(s.current.Load()))
	defer timer.Stop()
	for s.current.Load().over == nil {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-s.wake:
			if !s.wanted() { // the timer was first and this call was served
				continue
			}
		}
		timer.Reset(s.renew(ctx))
	}
}

func untilRenewal(g *grant) time.Duration {
	return max(time.Until(g.renew), renewSpacing)
}

// grant is a grant whose access token may be sent, renewed first if need be.
func (s *Session) grant(ctx context.Context) (*grant, error) {
	g := s.current.Load()
	switch {
	case g.over != nil:
		return nil, g.over
	case g.usable():
		return g, nil
	default:
		return s.replace(ctx, g, false)
	}
}

// replace waits under ctx until another grant stands in the place of old. It
// asks for a renewal unless that is so already or, when it does not insist,
// the last one failed only just now.
func (s *Session) replace(ctx context.Context, old *grant, insist bool) (*grant, error) {
	f := s.join(old, insist)
	select {
	case <-f.landed:
		return f.grant, f.err
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
}

func (s *Session) join(old *grant, insist bool) *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch g := s.current.Load(); {
	case g.over != nil:
		return landed(nil, g.over)
	case g != old:
		return landed(g, nil)
	case s.flight != nil:
		return s.flight
	case s.pace.resting() && !insist:
		return landed(nil, s.last)
	}
	s.flight = &flight{landed: make(chan struct{})}
	select {
	case s.wake <- struct{}{}:
	default: // an older wake-up is still there, and it will do
	}
	return s.flight
}

func (s *Session) wanted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flight != nil
}

// renew renews once, tells everyone who waits, and is how long to wait before
// the next renewal.
func (s *Session) renew(ctx context.Context) time.Duration {
	s.mu.Lock()
	if s.flight == nil {
		s.flight = &flight{landed: make(chan struct{})}
	}
	s.mu.Unlock()
	g, err := s.fetch(ctx)

	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.current.Load().over != nil: // ended meanwhile, and everyone was told
		return 0
	case err == nil:
		s.pace = pace{}
		s.current.Store(g)
		s.land(g, nil)
		return untilRenewal(g)
	case final(err):
		s.endLocked(fail(codes.Unauthenticated, ErrSessionEnded, err))
		return 0
	default:
		s.last = fail(renewalCode(err), errRenewal, err)
		s.land(nil, s.last)
		return s.pace.fail(retryDelay(err))
	}
}

// fetch trades the refresh token for a new grant.
func (s *Session) fetch(ctx context.Context) (*grant, error) {
	ctx, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	request := &grpcauthv1.RefreshRequest{RefreshToken: s.current.Load().refresh, ClientId: s.clientID}
	sent := time.Now()
	answer, err := s.client.Refresh(ctx, request, grpc.PerRPCCredentials(s.transport))
	if err != nil {
		return nil, err
	}
	return newGrant(answer.GetTokens(), sent)
}

// final reports whether the server said that the session is over.
func final(err error) bool {
	switch Reason(err) {
	case grpcauthv1.Reason_REASON_REFRESH_INVALID, grpcauthv1.Reason_REASON_REFRESH_REUSED,
		grpcauthv1.Reason_REASON_SESSION_REVOKED:
		return true
	default:
		return false
	}
}

// end puts why in the place of the grant and stops the goroutine. What ended
// a session first stays.
func (s *Session) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current.Load().over == nil {
		s.endLocked(why)
	}
}

func (s *Session) endLocked(why error) {
	s.current.Store(&grant{over: why})
	s.land(nil, why)
	s.stop()
}

// land tells everyone who waits for the flight, if there is one. The caller
// holds mu.
func (s *Session) land(g *grant, err error) {
	if f := s.flight; f != nil {
		f.grant, f.err = g, err
		close(f.landed)
		s.flight = nil
	}
}
