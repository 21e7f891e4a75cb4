package authclient

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"
)

// DialOptions make a connection send the session's token with every call, and
// call again where a newer token helps: see the package documentation for
// when that is. Pass them to grpc.NewClient beside the transport credentials.
//
// Interceptors of one's own that come after these in the list see each of the
// two attempts, as a stats handler and grpc.OnFinish do; those before see one
// call.
func (s *Session) DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithPerRPCCredentials(s),
		grpc.WithChainUnaryInterceptor(s.unary),
		grpc.WithChainStreamInterceptor(s.stream),
	}
}

// GetRequestMetadata is the authorization header of one call (RFC 6750 §2.1).
// It waits, under ctx, only when the token has expired.
//
// It fails with [ErrPlaintext] where others could read the token: the
// connection must be encrypted, or its peer must be local. Other errors are
// those of [Session.Token]. All of them hold a status that grpc hands to the
// caller as it is.
func (s *Session) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	if err := s.transport.check(ctx); err != nil {
		return nil, err
	}
	g, err := s.grant(ctx)
	if err != nil {
		return nil, err
	}
	if sent, ok := ctx.Value(sentKey{s}).(*atomic.Pointer[grant]); ok {
		sent.Store(g)
	}
	return map[string]string{"authorization": g.header}, nil
}

// RequireTransportSecurity is false: the session looks at each connection
// itself, because grpc's own check would refuse local ones too.
func (s *Session) RequireTransportSecurity() bool { return false }

// sentKey finds the place where GetRequestMetadata notes which grant a call
// was sent with.
type sentKey struct{ session *Session }

// noteSent makes that place. A call that is retried by grpc itself notes its
// last grant.
func (s *Session) noteSent(ctx context.Context) (context.Context, *atomic.Pointer[grant]) {
	sent := new(atomic.Pointer[grant])
	return context.WithValue(ctx, sentKey{s}, sent), sent
}
