package interceptor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"google.golang.org/grpc"

	"github.com/grpcauth/grpcauth/internal/policy"
	"github.com/grpcauth/grpcauth/token"
)

// deafStream is a stream of a transport that can't be finished from outside:
// its Recv blocks until the connection goes.
type deafStream struct {
	grpc.ServerStream
	ctx  context.Context
	gone chan struct{}
}

func (s *deafStream) Context() context.Context { return s.ctx }

func (s *deafStream) RecvMsg(any) error {
	<-s.gone
	return errors.New("the connection is gone")
}

func TestStreamOfAnotherTransportIsWokenToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		verifier, claims := verified(t)
		g, err := New(verifier)
		if err != nil {
			t.Fatal(err)
		}
		stream := &deafStream{ctx: t.Context(), gone: make(chan struct{})}
		defer close(stream.gone)
		start := time.Now()
		err = g.hold(stream.ctx, stream, "/a.B/C", admittedAs(t, claims)).run(func(stream *middleware.WrappedServerStream) error {
			if err := stream.RecvMsg(nil); err == nil {
				t.Error("Recv gave a message")
			}
			if stream.Context().Err() == nil {
				t.Error("the handler's context still stands")
			}
			return nil
		})
		var d *Denial
		if !errors.As(err, &d) || !errors.Is(err, token.ErrExpired) {
			t.Errorf("outcome = %v, want a denial for ErrExpired", err)
		}
		if after := time.Since(start); after < 15*time.Minute || after > 16*time.Minute {
			t.Errorf("ended after %v", after)
		}
	})
}

// verified makes claims that live for a quarter of an hour.
func verified(t *testing.T) (*token.Verifier, *token.Claims) {
	t.Helper()
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := token.NewIssuer(token.IssuerConfig{Issuer: "https://issuer.test", Audience: []string{"a"}, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := token.NewStaticKeys(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{{Issuer: "https://issuer.test", Audiences: []string{"a"}, Keys: keys}}})
	if err != nil {
		t.Fatal(err)
	}
	_, claims, err := issuer.Issue(t.Context(), token.Spec{Subject: "ada", ClientID: "c"})
	if err != nil {
		t.Fatal(err)
	}
	return verifier, claims
}

// admittedAs is the verdict of a call that any token gets in with.
func admittedAs(t *testing.T, claims *token.Claims) verdict {
	t.Helper()
	p, err := policy.Compile(Authenticated(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return verdict{rule: &methodRule{policy: p, stream: true}, claims: claims}
}
