package interceptor

import (
	"context"
	"errors"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

// WithRevocations asks checker about every token, also those that were
// verified before, unless the method's rule has skip_revocation. What it can't
// know is refused with UNAVAILABLE, unless all that is wrong is that its
// knowledge is out of date and the rule has when_stale: WHEN_STALE_ALLOW.
// Default: a token stands until it expires. A stream is asked about at its
// start.
func WithRevocations(checker revocation.Checker) Option {
	return optionFunc(func(g *Guard) error {
		switch {
		case isNil(checker):
			return errors.New("interceptor: WithRevocations: the checker is nil")
		case g.revocations != nil:
			return errors.New("interceptor: WithRevocations is given twice: join the two checkers into one")
		}
		g.revocations = checker
		return nil
	})
}

// revoked asks about a token. A nil error means that it stands.
func (g *Guard) revoked(ctx context.Context, rule *grpcauthv1.Rule, claims *token.Claims) (grpcauthv1.Reason, error) {
	if g.revocations == nil || rule.GetSkipRevocation() {
		return 0, nil
	}
	err := g.revocations.Check(ctx, claims)
	switch {
	case err == nil:
		return 0, nil
	case errors.Is(err, revocation.ErrRevoked): // before what a new token would mend
	case errors.Is(err, revocation.ErrOutdated):
		return grpcauthv1.Reason_REASON_TOKEN_OUTDATED, err
	case errors.Is(err, revocation.ErrStale) && rule.GetWhenStale() == grpcauthv1.WhenStale_WHEN_STALE_ALLOW:
		return 0, nil
	}
	return refusedOr(ctx, err, revocation.ErrRevoked, grpcauthv1.Reason_REASON_REVOCATION_UNAVAILABLE)
}
