package authclient

import (
	"context"
	"crypto/rand"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// What the store holds is the truth, and no refresh token is sent that it
// does not hold together with its idempotency key. Whatever is lost after
// that, the answer or the program, the next attempt finds both there, and is
// answered with the same successor, because nobody has used that one yet: it
// would have to be in the store first.

// fetch trades the refresh token for a new grant.
func (s *Session) fetch(ctx context.Context) (*grant, error) {
	unlock, err := s.store.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	saved, err := s.ours(ctx)
	if err != nil {
		return nil, err
	}
	if saved.IdempotencyKey == "" {
		saved.IdempotencyKey = rand.Text() // 128 random bits at least
		if err := s.store.Save(ctx, saved); err != nil {
			return nil, err
		}
	}
	request := &grpcauthv1.RefreshRequest{
		RefreshToken: saved.RefreshToken, ClientId: saved.ClientID, IdempotencyKey: saved.IdempotencyKey,
	}
	sent := time.Now()
	answer, err := s.client.Refresh(ctx, request, grpc.PerRPCCredentials(s.transport))
	if final(err) {
		return nil, s.dead(ctx, err)
	}
	if err != nil {
		return nil, err
	}
	return s.keep(ctx, saved.ClientID, answer.GetTokens(), sent)
}

// ours is what is saved of this session. Whoever shares the store may have
// renewed it meanwhile; that is as good. Another session is not: it may be
// another user's.
func (s *Session) ours(ctx context.Context) (Saved, error) {
	saved, err := s.store.Load(ctx)
	switch {
	case err != nil:
		return Saved{}, err
	case saved.RefreshToken == "":
		return Saved{}, fail(codes.Unauthenticated, ErrSessionEnded, errCleared)
	case saved.SessionID != s.current.Load().session:
		return Saved{}, fail(codes.Unauthenticated, ErrSessionEnded, errReplaced)
	default:
		return saved, nil
	}
}

// keep saves what an answer to a request at sent holds, and is the grant. The
// idempotency key of the request has done its work and is dropped.
func (s *Session) keep(ctx context.Context, clientID string, t *grpcauthv1.Tokens, sent time.Time) (*grant, error) {
	g, err := newGrant(t, sent)
	if err != nil {
		return nil, err
	}
	if t.GetRefreshToken() == "" {
		return nil, errNoToken
	}
	g.session = t.GetSessionId()
	err = s.store.Save(ctx, Saved{
		ClientID: clientID, SessionID: g.session, RefreshToken: t.GetRefreshToken(),
		Expires: sent.Add(t.GetRefreshExpiresIn().AsDuration()).UTC().Round(0),
	})
	return g, err
}

// dead is the error of a session that has ended at the server, which is not
// worth keeping. A refresh token that the server does not know is kept: it may
// be another server's. The caller holds the lock.
func (s *Session) dead(ctx context.Context, cause error) error {
	if Reason(cause) != grpcauthv1.Reason_REASON_REFRESH_INVALID {
		_ = s.store.Save(ctx, Saved{}) // what stays is of no use, and the server says so each time
	}
	return fail(codes.Unauthenticated, ErrSessionEnded, cause)
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
