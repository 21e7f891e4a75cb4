package authsvc

import (
	"context"
	"fmt"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

// Revocations tells whether our access tokens still stand, for a guard in this
// process:
//
//	guard, err := interceptor.New(auth.Verifier(), interceptor.WithRevocations(auth.Revocations()))
//
// A logout is then felt at the next call rather than when the access token
// expires. It costs one read of the Store at every call. A rule with
// skip_revocation saves it; a server that can't reach the Store must do without
// for now.
//
// A token is refused as revoked when its session has ended or the token itself
// was taken back, and as outdated when a counter has moved since it was made: a
// refreshed one is good then. One of ours without counters is outdated too,
// since nothing can be measured by it. When the Store can't answer, calls are
// refused with UNAVAILABLE. Of other issuers' tokens the Store knows nothing,
// so they are let through: a guard that trusts other issuers needs a checker of
// its own that asks this one about ours.
func (s *Service) Revocations() revocation.Checker {
	return revocation.CheckerFunc(s.server.checkStanding)
}

// checkStanding is Revocations for one token.
func (s *server) checkStanding(ctx context.Context, claims *token.Claims) error {
	if claims.Issuer() != s.cfg.Issuer {
		return nil
	}
	standing, err := s.store.Standing(ctx, store.TokenRef{
		ID: claims.ID(), SessionID: claims.SessionID(), Subject: claims.Subject(), ClientID: claims.ClientID(),
	})
	if err != nil {
		return fmt.Errorf("authsvc: whether a token stands: %w", err)
	}
	counters, ok := claims.Counters()
	switch {
	case standing.SessionEnded:
		return fmt.Errorf("%w: its session has ended", revocation.ErrRevoked)
	case standing.Revoked:
		return revocation.ErrRevoked
	case !ok || counters.Before(token.Counters(standing.Counters)):
		return revocation.ErrOutdated
	}
	return nil
}
