package interceptor_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/token"
)

// outerTransport is the transport stream of the call that another one is made
// within.
type outerTransport struct{ finished atomic.Int32 }

func (*outerTransport) Method() string                     { return "/testkit.v1.RulesService/Public" }
func (*outerTransport) SetHeader(metadata.MD) error        { return nil }
func (*outerTransport) SendHeader(metadata.MD) error       { return nil }
func (*outerTransport) SetTrailer(metadata.MD) error       { return nil }
func (o *outerTransport) WriteStatus(*status.Status) error { o.finished.Add(1); return nil }

// blockedStream is a stream whose client sends nothing.
type blockedStream struct {
	grpc.ServerStream
	ctx  context.Context
	gone chan struct{}
}

func (s blockedStream) Context() context.Context { return s.ctx }

func (s blockedStream) RecvMsg(any) error {
	<-s.gone
	return context.Canceled
}

// A stream within another call ends with its own token, and must not end the
// other call, whose transport stream may still be in the context.
func TestAStreamWithinAnotherCallEndsItselfOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		guard, issuer, ctx := nested(t)
		outer := &outerTransport{}
		ctx = grpc.NewContextWithServerTransportStream(bearing(ctx, issuer.Token(token.Spec{Subject: "bob", Lifetime: lifetime})), outer)
		stream := blockedStream{ctx: ctx, gone: make(chan struct{})}
		defer close(stream.gone)
		err := guard.Stream()(nil, stream, &grpc.StreamServerInfo{FullMethod: "/testkit.v1.StreamsService/Bidi"},
			func(_ any, stream grpc.ServerStream) error { return stream.RecvMsg(nil) })
		unauthenticated(expired).check(t, err)
		if n := outer.finished.Load(); n != 0 {
			t.Errorf("the outer call was finished %d times", n)
		}
	})
}
