package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

// asker is a function of the server's own that the Guard asks, as an option.
type asker struct {
	option  func(ask func(context.Context) error) interceptor.Option
	refusal error // its way to say no
	refused outcome
	unknown outcome // its answer for everything else
}

var askers = map[string]asker{
	"user": {
		func(ask func(context.Context) error) interceptor.Option {
			return interceptor.WithUser(func(ctx context.Context, _ *token.Claims) (*user, error) { return &user{}, ask(ctx) })
		},
		interceptor.ErrNoUser, unauthenticated(userNotFound), unavailable(userUnavailable),
	},
	"check": {
		func(ask func(context.Context) error) interceptor.Option {
			return interceptor.WithCheck(func(ctx context.Context, _ *token.Claims) error { return ask(ctx) })
		},
		interceptor.ErrRejected, denied(grpcauthv1.Reason_REASON_CLAIMS_REJECTED), unavailable(grpcauthv1.Reason_REASON_CHECK_UNAVAILABLE),
	},
	"revocation": {
		func(ask func(context.Context) error) interceptor.Option {
			return interceptor.WithRevocations(revocation.CheckerFunc(func(ctx context.Context, _ *token.Claims) error { return ask(ctx) }))
		},
		revocation.ErrRevoked, unauthenticated(grpcauthv1.Reason_REASON_TOKEN_REVOKED), unavailable(grpcauthv1.Reason_REASON_REVOCATION_UNAVAILABLE),
	},
}

const callEnded = grpcauthv1.Reason_REASON_CALL_ENDED

// A call that ends while the server asks is answered by how it ended; one
// that goes on is not answered by a timeout of the server's own.
func TestCallsThatEndWhileTheServerAsks(t *testing.T) {
	t.Parallel()
	canceled, late := outcome{codes.Canceled, callEnded}, outcome{codes.DeadlineExceeded, callEnded}
	ownTimeout := func(ctx context.Context) error {
		ctx, stop := context.WithTimeout(ctx, 0)
		defer stop()
		<-ctx.Done()
		return fmt.Errorf("query: %w", ctx.Err())
	}
	for name, asker := range askers {
		for situation, tc := range map[string]struct {
			end  error // of the call, while it is asked
			ask  func(context.Context) error
			want outcome
		}{
			"the call goes on, and a timeout of its own is over": {nil, ownTimeout, asker.unknown},
			"canceled":                            {context.Canceled, context.Context.Err, canceled},
			"canceled, said in words of its own":  {context.Canceled, func(context.Context) error { return errors.New("query: interrupted") }, canceled},
			"canceled, and its own timeout, too":  {context.Canceled, func(context.Context) error { return context.DeadlineExceeded }, canceled},
			"too late":                            {context.DeadlineExceeded, context.Context.Err, late},
			"too late, said in words of its own":  {context.DeadlineExceeded, func(context.Context) error { return errors.New("query: interrupted") }, late},
			"too late, and something is canceled": {context.DeadlineExceeded, func(context.Context) error { return context.Canceled }, late},
			"canceled, but it knows":              {context.Canceled, func(context.Context) error { return fmt.Errorf("by then: %w", asker.refusal) }, asker.refused},
			"canceled, and nothing is wrong":      {context.Canceled, func(context.Context) error { return nil }, ok},
		} {
			t.Run(name+": "+situation, func(t *testing.T) {
				t.Parallel()
				issuer := authtest.NewIssuer(t)
				var end func()
				server := newServer(t, issuer, asker.option(func(ctx context.Context) error { end(); return tc.ask(ctx) }))
				var ctx context.Context
				ctx, end = endedBy(t, tc.end)
				_, err := server.Guard().Unary()(arrived(ctx, issuer.Token(token.Spec{})), nil,
					&grpc.UnaryServerInfo{FullMethod: "/testkit.v1.RulesService/Authenticated"},
					func(context.Context, any) (any, error) { return nil, nil })
				tc.want.check(t, err)
			})
		}
	}
}

// endedBy is a context that ends in that way when it is told to.
func endedBy(t *testing.T, how error) (ctx context.Context, end func()) {
	t.Helper()
	switch {
	case how == nil:
		return t.Context(), func() {}
	case errors.Is(how, context.Canceled):
		return context.WithCancel(t.Context())
	}
	ctx, stop := context.WithDeadline(t.Context(), time.Now().Add(-time.Hour))
	t.Cleanup(stop)
	return ctx, func() {}
}

// arrived is the context of a call with that token, from this machine.
func arrived(ctx context.Context, raw string) context.Context {
	ctx = peer.NewContext(ctx, &peer.Peer{Addr: &net.UnixAddr{Name: "s", Net: "unix"}})
	return metadata.NewIncomingContext(ctx, metadata.Pairs("authorization", "Bearer "+raw))
}

// What the server's own functions wrap is theirs: it must not become the
// reason, and it stays reachable for observers.
func TestWhatAnAnswerWrapsIsNotTheReason(t *testing.T) {
	t.Parallel()
	for name, asker := range askers {
		for what, theirs := range map[string]error{
			"an expired token":      token.ErrExpired,
			"a bad signature":       token.ErrSignature,
			"a missing key":         token.ErrKeysUnavailable,
			"somebody else's check": &interceptor.Denial{Reason: noRule},
		} {
			t.Run(name+": "+what, func(t *testing.T) {
				t.Parallel()
				var cause error
				conn := newServer(t, authtest.NewIssuer(t), asker.option(func(context.Context) error { return fmt.Errorf("elsewhere: %w", theirs) }),
					interceptor.WithObserver(func(_ context.Context, d interceptor.Decision) { cause = d.Cause })).As("ada")
				eachShape(t, conn, t.Context(), func(t *testing.T, _ string, err error) {
					asker.unknown.check(t, err)
					if !errors.Is(cause, theirs) || !strings.HasPrefix(cause.Error(), "elsewhere: ") {
						t.Errorf("the observer's cause = %v", cause)
					}
				})
			})
		}
	}
}
