package authsvc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// reasonReplaced is the reason of a session in whose place there is another.
const reasonReplaced = "its owner proved anew who they are"

// Reauthenticate proves anew who the caller is, and replaces their session.
func (s *server) Reauthenticate(ctx context.Context, req *grpcauthv1.ReauthenticateRequest) (*grpcauthv1.ReauthenticateResponse, error) {
	resp, err := s.reauthenticate(ctx, req)
	if err != nil {
		return nil, s.leave(ctx, "reauthentication_failed", err)
	}
	return resp, nil
}

func (s *server) reauthenticate(ctx context.Context, req *grpcauthv1.ReauthenticateRequest) (*grpcauthv1.ReauthenticateResponse, error) {
	if err := s.secure(ctx); err != nil {
		return nil, err
	}
	if err := checkReauthenticate(req); err != nil {
		return nil, err
	}
	old, client, err := s.owned(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.proofOfOwner(ctx, old, req.GetPassword())
	if err != nil {
		return nil, err
	}
	p.failure, p.purpose = "reauthentication_failed", []string{"reauthenticate", old.ID}
	if p, err = s.answered(p, req.GetChallengeAnswer()); err != nil {
		return nil, err
	}
	user, err := s.prove(ctx, p)
	if more, ok := errors.AsType[*ChallengeError](err); ok {
		challenge, err := s.ask(ctx, p, user, more)
		return &grpcauthv1.ReauthenticateResponse{Result: &grpcauthv1.ReauthenticateResponse_Challenge{Challenge: challenge}}, err
	}
	if err != nil {
		return nil, err
	}
	tokens, err := s.replace(ctx, old, client, user)
	return &grpcauthv1.ReauthenticateResponse{Result: &grpcauthv1.ReauthenticateResponse_Tokens{Tokens: tokens}}, err
}

// owned is the session of the token that is sent, which stands, and its client.
func (s *server) owned(ctx context.Context) (store.Session, Client, error) {
	_, session, err := s.standing(ctx)
	if err != nil {
		return store.Session{}, Client{}, err
	}
	if err := checkBinding(ctx, session.Certificate); err != nil {
		return store.Session{}, Client{}, err
	}
	client, err := s.clients.forUsers(ctx, session.ClientID)
	if err != nil {
		return store.Session{}, Client{}, err
	}
	return session, client, client.checkBound(session.Certificate)
}

// proofOfOwner is the proof by the password of the one whose session it is.
func (s *server) proofOfOwner(ctx context.Context, session store.Session, password string) (proof, error) {
	owner, err := s.users.load(ctx, session.Subject)
	if err != nil {
		return proof{}, err
	}
	if owner.Username == "" {
		return proof{}, fmt.Errorf("authsvc: Config.Load(%q) returned no Username: it is needed to ask for the password again", session.Subject)
	}
	return proof{
		Credentials: Credentials{Username: owner.Username, Password: password, ClientID: session.ClientID},
		account:     bySubject(session.Subject),
		subject:     session.Subject,
	}, nil
}

// replace puts a new session in the place of the old one.
func (s *server) replace(ctx context.Context, old store.Session, client Client, user proven) (*grpcauthv1.Tokens, error) {
	next, err := s.successor(ctx, old, client, user)
	if err != nil {
		return nil, err
	}
	e := s.entry(ctx, "reauthenticated", next.session)
	e.Reason = "replaces session " + old.ID
	err = s.store.ReplaceSession(ctx, old.ID, reasonReplaced, next.session, user.counters.Subject, e)
	if errors.Is(err, store.ErrStale) {
		return nil, s.whyStale(ctx, old.ID, err)
	}
	if err != nil {
		return nil, err
	}
	return next.tokens(s.cfg.RefreshTTL), nil
}

// opening is a session that is not in the store yet, and its tokens.
type opening struct {
	session store.Session
	first   *refreshToken
	grant   *grant
}

func (o opening) tokens(refreshTTL time.Duration) *grpcauthv1.Tokens {
	return o.grant.tokens(o.first, refreshTTL)
}

// successor is a new login that keeps what the old session was for.
func (s *server) successor(ctx context.Context, old store.Session, client Client, user proven) (opening, error) {
	scopes, err := renewScopes(nil, old, client, user.Identity)
	if err != nil {
		return opening{}, err
	}
	audiences, err := chooseAudiences(old.Audiences, client.Audiences)
	if err != nil {
		return opening{}, err
	}
	first := s.codec.first()
	session := s.newSession(ctx, first, client, user.Identity)
	session.Scopes, session.Audiences, session.Label, session.Certificate = old.Scopes, old.Audiences, old.Label, old.Certificate
	grant, err := s.mint(ctx, session, user.Identity, scopes, audiences, user.counters)
	return opening{session: session, first: first, grant: grant}, err
}

// whyStale tells a session that has ended meanwhile from an account that has
// changed.
func (s *server) whyStale(ctx context.Context, id string, stale error) error {
	session, err := s.store.Session(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && !stands(session, s.cfg.Now()):
		return errRevoked
	case err != nil:
		return err
	}
	return stale
}
