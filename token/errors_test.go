package token_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/token"
)

func TestReasons(t *testing.T) {
	t.Parallel()
	for want, err := range map[grpcauthv1.Reason]error{
		grpcauthv1.Reason_REASON_TOKEN_MALFORMED:     token.ErrMalformed,
		grpcauthv1.Reason_REASON_TOKEN_SIGNATURE:     token.ErrSignature,
		grpcauthv1.Reason_REASON_TOKEN_KEY_UNKNOWN:   token.ErrUnknownKey,
		grpcauthv1.Reason_REASON_KEYS_UNAVAILABLE:    token.ErrKeysUnavailable,
		grpcauthv1.Reason_REASON_TOKEN_EXPIRED:       token.ErrExpired,
		grpcauthv1.Reason_REASON_TOKEN_NOT_YET_VALID: token.ErrNotYetValid,
		grpcauthv1.Reason_REASON_TOKEN_CLAIMS:        token.ErrClaims,
		grpcauthv1.Reason_REASON_TOKEN_AUDIENCE:      token.ErrAudience,
		grpcauthv1.Reason_REASON_TOKEN_ISSUER:        token.ErrIssuer,
		grpcauthv1.Reason_REASON_TOKEN_KIND:          token.ErrKind,
		grpcauthv1.Reason_REASON_INTERNAL:            token.ErrReservedClaim,
	} {
		if got := fault.ReasonOf(err); got != want {
			t.Errorf("%v has the reason %s, want %s", err, got, want)
		}
	}
}

// An outage of the issuer is ours to report, even when what failed is a
// deadline of the fetch: it is not the caller's.
// checklist: K4
func TestAnOutageIsNotTheCallersDeadline(t *testing.T) {
	t.Parallel()
	raw := hands()[0].token(payload(nil))
	synctest.Test(t, func(t *testing.T) {
		server := new(jwksServer)
		server.set(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		_, err := verify(verifierOf(inBubble(server)), raw)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the cause is lost: %v", err)
		}
		if got := fault.ReasonOf(err); got != grpcauthv1.Reason_REASON_KEYS_UNAVAILABLE {
			t.Errorf("the reason is %s", got)
		}
	})
}

func TestContextWithoutClaims(t *testing.T) {
	t.Parallel()
	for name, ctx := range map[string]context.Context{
		"empty": context.Background(), "nil claims": token.NewContext(context.Background(), nil),
	} {
		if claims, ok := token.FromContext(ctx); ok || claims != nil {
			t.Errorf("%s: %v, %t", name, claims, ok)
		}
	}
}
