package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// failingKeys is a key set of the server's own that can't answer.
type failingKeys struct{ err error }

func (f failingKeys) Key(context.Context, string, token.Algorithm) (*token.Key, error) {
	return nil, f.err
}

// A key set of the server's own may fail in a way of its own.
// checklist: K4
func TestKeysThatCantBeHadAreOurOutage(t *testing.T) {
	t.Parallel()
	down := unavailable(grpcauthv1.Reason_REASON_KEYS_UNAVAILABLE)
	for name, tc := range map[string]struct {
		err  error
		want outcome
	}{
		"unavailable":         {token.ErrKeysUnavailable, down},
		"its own timeout":     {fmt.Errorf("vault: %w", context.DeadlineExceeded), down},
		"its own cancel":      {context.Canceled, down},
		"its own failure":     {errors.New("vault: sealed"), down},
		"an unknown key":      {token.ErrUnknownKey, unauthenticated(keyUnknown)},
		"nothing, and no key": {nil, unauthenticated(keyUnknown)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issuer := authtest.NewIssuer(t)
			raw := issuer.Token(token.Spec{})
			claims, err := issuer.Verifier().Verify(t.Context(), raw)
			if err != nil {
				t.Fatal(err)
			}
			verifier, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{{
				Issuer: claims.Issuer(), Audiences: claims.Audience(), Keys: failingKeys{tc.err},
			}}})
			if err != nil {
				t.Fatal(err)
			}
			guard, err := interceptor.New(verifier)
			if err != nil {
				t.Fatal(err)
			}
			srv := grpc.NewServer(guard.ServerOptions()...)
			testkitv1.RegisterStreamsServiceServer(srv, streams{})
			if err := guard.Protect(srv); err != nil {
				t.Fatal(err)
			}
			eachShape(t, startOwn(t, srv), sending(t, "Bearer "+raw), func(t *testing.T, _ string, err error) { tc.want.check(t, err) })
		})
	}
}
