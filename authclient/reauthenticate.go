package authclient

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// Reauthenticate has the user prove once more who they are. It is the answer
// to REAUTHENTICATION_REQUIRED: a method whose rule has a max_auth_age wants a
// password that was given lately (RFC 9470), which no renewal gives. Ask the
// user, call this, and make the call again. The session may be used meanwhile.
//
// The server replaces the session by a new one, in one step. This Session goes
// on with the new one, also in its store; another program that shares the
// store does not, and must [Resume].
//
// Errors are those of [Login], and [ErrSessionEnded]. After a wrong password
// or a [*ChallengeError] the session stands as it was. If the server's answer
// is lost on its way, or can't be saved, the old session may have ended and
// nobody holds the new one. A renewal at once finds out, under ctx, and if ctx
// ends first in the background. The error is ErrSessionEnded if so: log in.
func (s *Session) Reauthenticate(ctx context.Context, password string) error {
	return s.prove(ctx, &grpcauthv1.ReauthenticateRequest{Password: password})
}

// answer goes on after a challenge.
func (s *Session) answer(ctx context.Context, given *grpcauthv1.ChallengeAnswer) (*Session, error) {
	if err := s.prove(ctx, &grpcauthv1.ReauthenticateRequest{ChallengeAnswer: given}); err != nil {
		return nil, err
	}
	return s, nil
}

// prove is Reauthenticate with a password or with the answer to a challenge.
func (s *Session) prove(ctx context.Context, proof *grpcauthv1.ReauthenticateRequest) error {
	err := s.attempt(ctx, nil, func(ctx context.Context, opts []grpc.CallOption) error {
		return s.reauthenticate(ctx, proof, opts)
	})
	if _, open := errors.AsType[doubt](err); open {
		if ended := s.Refresh(ctx); errors.Is(ended, ErrSessionEnded) {
			err = fmt.Errorf("%w, after: %w", ended, err)
		}
	}
	if err != nil {
		return fmt.Errorf("authclient: reauthenticate: %w", err)
	}
	return nil
}

// reauthenticate is one attempt. It holds the lock, so that no renewal trades
// in the refresh token of a session that is being replaced. What can call for
// a renewal comes before that, or after.
//
// The token to send is read under the lock: whoever held it before may have
// replaced the session, and the refusal of a token of that one would end its
// successor.
func (s *Session) reauthenticate(ctx context.Context, proof *grpcauthv1.ReauthenticateRequest, opts []grpc.CallOption) error {
	if _, err := s.grant(ctx); err != nil {
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
	now := s.current.Load()
	if now.over != nil {
		return now.over
	}
	s.note(ctx, now)
	sent := time.Now()
	answer, err := s.client.Reauthenticate(ctx, proof, append(opts, grpc.PerRPCCredentials(fixed{s.transport, now.header}))...)
	if err != nil {
		return s.unproven(ctx, err)
	}
	if challenge := answer.GetChallenge(); challenge != nil {
		return newChallenge(challenge, sent, s.answer)
	}
	g, err := s.keep(ctx, saved.ClientID, answer.GetTokens(), sent)
	if err == nil {
		err = s.put(g)
	}
	if err == nil || errors.Is(err, ErrClosed) { // what is saved can be resumed
		return nil
	}
	s.abandon(ctx, answer.GetTokens()) // logged out meanwhile, or it can't be kept
	return s.ended(ctx, err)
}

// unproven is what an error of the server means for the session. The caller
// holds the lock, under which the token was read.
func (s *Session) unproven(ctx context.Context, err error) error {
	switch {
	case final(err):
		return s.ended(ctx, err)
	case doubtful(err):
		return doubt{err}
	default:
		return err
	}
}

// ended is the session's end, which a reauthentication has found out or
// brought about.
func (s *Session) ended(ctx context.Context, cause error) error {
	err := s.dead(ctx, cause)
	s.end(err)
	return err
}

// doubt is an error that leaves open whether the session still stands.
type doubt struct{ error }

func (d doubt) Unwrap() error { return d.error }

// doubtful reports whether err is no answer of the server, or one that does
// not say whether the session was replaced, or when it ended.
func doubtful(err error) bool {
	if errors.Is(err, ErrPlaintext) { // nothing was sent
		return false
	}
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.Internal, codes.Unknown:
		return true
	default:
		return Reason(err) == grpcauthv1.Reason_REASON_TOKEN_REVOKED
	}
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
