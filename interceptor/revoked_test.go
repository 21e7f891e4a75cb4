package interceptor_test

import (
	"context"
	"errors"
	"testing"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

// Two checkers that were joined into one may both have something to say. What
// a new token would not mend comes first, and when_stale does not forgive it.
func TestTheWorstOfSeveralAnswersAboutARevocationCounts(t *testing.T) {
	t.Parallel()
	const revoked = grpcauthv1.Reason_REASON_TOKEN_REVOKED
	allow := &grpcauthv1.Rule{WhenStale: grpcauthv1.WhenStale_WHEN_STALE_ALLOW}
	for name, tc := range map[string]struct {
		errs []error
		want outcome
	}{
		"outdated and revoked":        {[]error{revocation.ErrOutdated, revocation.ErrRevoked}, unauthenticated(revoked)},
		"stale and revoked":           {[]error{revocation.ErrStale, revocation.ErrRevoked}, unauthenticated(revoked)},
		"stale and outdated":          {[]error{revocation.ErrStale, revocation.ErrOutdated}, unauthenticated(grpcauthv1.Reason_REASON_TOKEN_OUTDATED)},
		"stale, which the rule takes": {[]error{revocation.ErrStale}, ok},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checker := revocation.CheckerFunc(func(context.Context, *token.Claims) error { return errors.Join(tc.errs...) })
			conn := newServer(t, authtest.NewIssuer(t), interceptor.WithRevocations(checker),
				interceptor.OverrideRule("/testkit.v1.StreamsService/*", allow)).As("ada")
			eachShape(t, conn, t.Context(), func(t *testing.T, _ string, err error) { tc.want.check(t, err) })
		})
	}
}
