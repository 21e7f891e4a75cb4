package authclient

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// Reauthenticate has the user prove once more who they are. It is the answer
// to REAUTHENTICATION_REQUIRED: a method whose rule has a max_auth_age wants a
// password that was given lately (RFC 9470), which no renewal gives. Ask the
// user, call this, and make the call again.
//
// The server replaces the session by a new one, in one step. This Session goes
// on with the new one, also in its store; another program that shares the
// store does not, and must [Resume].
//
// Errors are those of [Login], and [ErrSessionEnded]. After a wrong password
// the session stands as it was. If the answer is lost on its way, the old
// session has ended and nobody holds the new one: log in.
func (s *Session) Reauthenticate(ctx context.Context, password string) error {
	return s.prove(ctx, &grpcauthv1.ReauthenticateRequest{Password: password})
}

// prove is Reauthenticate with a password or with the answer to a challenge.
func (s *Session) prove(ctx context.Context, proof *grpcauthv1.ReauthenticateRequest) error {
	err := s.attempt(ctx, nil, func(ctx context.Context, opts []grpc.CallOption) error {
		return s.reauthenticate(ctx, proof, opts)
	})
	if err != nil {
		return fmt.Errorf("authclient: reauthenticate: %w", err)
	}
	return nil
}

// answer goes on after a challenge.
func (s *Session) answer(ctx context.Context, given *grpcauthv1.ChallengeAnswer) (*Session, error) {
	if err := s.prove(ctx, &grpcauthv1.ReauthenticateRequest{ChallengeAnswer: given}); err != nil {
		return nil, err
	}
	return s, nil
}

// reauthenticate is one attempt. It holds the lock, so that no renewal trades
// in the refresh token of a session that is being replaced. What can call for
// a renewal comes before that.
func (s *Session) reauthenticate(ctx context.Context, proof *grpcauthv1.ReauthenticateRequest, opts []grpc.CallOption) error {
	old, err := s.grant(ctx)
	if err != nil {
		return err
	}
	unlock, err := s.store.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	saved, err := s.ours(ctx)
	if err != nil {
		return err
	}
	s.note(ctx, old)
	sent := time.Now()
	answer, err := s.client.Reauthenticate(ctx, proof,
		append(opts, grpc.PerRPCCredentials(fixed{s.transport, old.header}))...)
	if final(err) {
		err = fail(codes.Unauthenticated, ErrSessionEnded, err)
		s.end(err)
	}
	if err != nil {
		return err
	}
	if challenge := answer.GetChallenge(); challenge != nil {
		return newChallenge(challenge, sent, s.answer)
	}
	g, err := s.keep(ctx, saved.ClientID, answer.GetTokens(), sent)
	if err != nil {
		s.abandon(ctx, answer.GetTokens())
		return err
	}
	s.put(g)
	return nil
}

// fixed is a credential that sends one header, over a connection that may
// carry it.
type fixed struct {
	transportGuard

	header string
}

// GetRequestMetadata implements credentials.PerRPCCredentials.
func (f fixed) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	if err := f.check(ctx); err != nil {
		return nil, err
	}
	return map[string]string{"authorization": f.header}, nil
}
