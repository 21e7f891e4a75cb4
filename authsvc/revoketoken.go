package authsvc

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// reasonByClient is the reason of sessions and tokens that their client gave
// up.
const reasonByClient = "revoked by its client"

// RevokeToken takes back an access token or ends the session of a refresh token
// (RFC 7009).
func (s *server) RevokeToken(ctx context.Context, req *grpcauthv1.RevokeTokenRequest) (*grpcauthv1.RevokeTokenResponse, error) {
	if err := s.revokeToken(ctx, req); err != nil {
		return nil, s.leave(ctx, "revocation_failed", err, s.clients.attr(ctx, req.GetClientId()))
	}
	return &grpcauthv1.RevokeTokenResponse{}, nil
}

// revokeToken finds out whose the token is before it counts or writes anything,
// so that nobody can use up a client's pace with junk. What is no token of the
// client's is a success without effect (RFC 7009 §2.2).
func (s *server) revokeToken(ctx context.Context, req *grpcauthv1.RevokeTokenRequest) error {
	if err := s.secure(ctx); err != nil {
		return err
	}
	if err := checkRevokeToken(req); err != nil {
		return err
	}
	client, err := s.proveClient(ctx, req.GetClientId(), proofOf(req))
	if err != nil {
		return err
	}
	if strings.HasPrefix(req.GetToken(), refreshPrefix) {
		return s.revokeRefreshToken(ctx, client, req.GetToken())
	}
	return s.revokeAccessToken(ctx, client, req.GetToken())
}

func (s *server) revokeAccessToken(ctx context.Context, client registered, raw string) error {
	claims, err := s.verifier.Verify(ctx, raw)
	if err != nil || claims.ClientID() != client.ID {
		return ctx.Err()
	}
	// What is done already is not done again, so that one token uses up the
	// pace of its client once.
	standing, err := s.store.Standing(ctx, store.TokenRef{ID: claims.ID()})
	if err != nil || standing.Revoked {
		return err
	}
	if err := s.revoked.take(client.ID); err != nil {
		return err
	}
	e := s.byClient(ctx, "token_revoked", client)
	e.Subject, e.SessionID = claims.Subject(), claims.SessionID()
	gone := claims.ExpiresAt().Add(token.MaxLeeway) // until no guard's leeway lets it in
	return s.store.RevokeToken(ctx, claims.ID(), gone, e)
}

// revokeRefreshToken ends the session of a token of any generation: whoever
// has one that was used up and gives it back has no newer one.
func (s *server) revokeRefreshToken(ctx context.Context, client registered, text string) error {
	presented, err := s.codec.parse(text)
	if err != nil {
		return nil //nolint:nilerr // no token of ours: a success
	}
	session, err := s.store.Session(ctx, presented.session())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case session.ClientID != client.ID || ended(s.cfg.Now(), session):
		return nil
	}
	if err := s.revoked.take(client.ID); err != nil {
		return err
	}
	return s.endByClient(ctx, client, session)
}

func (s *server) endByClient(ctx context.Context, client registered, session store.Session) error {
	err := s.store.UpdateSession(ctx, session.ID, func(now time.Time, session *store.Session) error {
		if ended(now, *session) {
			return errUnchanged
		}
		session.RevokedAt, session.Reason = now, reasonByClient
		e := s.byClient(ctx, "session_revoked", client)
		e.Subject, e.SessionID = session.Subject, session.ID
		session.Log = append(session.Log, e)
		return nil
	})
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// ended reports whether there is nothing left to end.
func ended(now time.Time, s store.Session) bool {
	return !s.RevokedAt.IsZero() || !now.Before(s.IdleExpires) || !now.Before(s.Expires)
}

// byClient is a line of the audit record about what a client did.
func (o origins) byClient(ctx context.Context, kind string, client registered) store.Entry {
	return store.Entry{Kind: kind, Actor: clientSubject + client.ID, ClientID: client.ID, Address: o.address(ctx), Reason: reasonByClient}
}
