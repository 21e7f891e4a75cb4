package revocation

import (
	"context"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/token"
)

// What a Checker answers. Wrap them to say more; that is for logs only.
var (
	// ErrRevoked: the token, its session, or its subject's tokens were taken
	// back.
	ErrRevoked = fault.New(grpcauthv1.Reason_REASON_TOKEN_REVOKED, "revocation: the token was revoked")
	// ErrOutdated: the session stands, but the token was made before a change
	// to it, such as of the subject's roles. A refreshed token is good.
	ErrOutdated = fault.New(grpcauthv1.Reason_REASON_TOKEN_OUTDATED, "revocation: the token predates a change to its session")
	// ErrStale: nothing is known against the token, but what is known is out of
	// date. A rule says by when_stale whether that lets it in.
	ErrStale = fault.New(grpcauthv1.Reason_REASON_REVOCATION_UNAVAILABLE, "revocation: what is known is out of date")
)

// Checker tells whether a token that is valid otherwise still stands. It must
// be safe for concurrent use.
type Checker interface {
	// Check returns nil when the token stands, and an error that is
	// [ErrRevoked], [ErrOutdated] or [ErrStale] when that is so. Any other
	// error means that it can't be known now, and the call fails with
	// UNAVAILABLE.
	Check(ctx context.Context, claims *token.Claims) error
}

// CheckerFunc is a function that is a [Checker].
type CheckerFunc func(ctx context.Context, claims *token.Claims) error

// Check calls f.
func (f CheckerFunc) Check(ctx context.Context, claims *token.Claims) error { return f(ctx, claims) }
