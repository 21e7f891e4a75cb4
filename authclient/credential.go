package authclient

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"

	"google.golang.org/grpc"
)

// DialOptions make a connection send the token with every call, and call
// again where a newer token helps: see the package documentation for when
// that is. Pass them to grpc.NewClient beside the transport credentials.
//
// Interceptors of one's own that come after these in the list see each of the
// two attempts, as a stats handler and grpc.OnFinish do; those before see one
// call.
func (r *renewer) DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithPerRPCCredentials(r),
		grpc.WithChainUnaryInterceptor(r.unary),
		grpc.WithChainStreamInterceptor(r.stream),
	}
}

// GetRequestMetadata is the authorization header of one call (RFC 6750 §2.1).
// It waits, under ctx, only when the token has expired.
//
// It fails with [ErrPlaintext] where others could read the token: the
// connection must be encrypted, or its peer must be local. Other errors are
// those of Token. All of them hold a status that grpc hands to the caller as
// it is.
func (r *renewer) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	if err := r.transport.check(ctx); err != nil {
		return nil, err
	}
	g, err := r.grant(ctx)
	if err != nil {
		return nil, err
	}
	r.note(ctx, g)
	return map[string]string{"authorization": g.header}, nil
}

// RequireTransportSecurity is false: each connection is looked at here,
// because grpc's own check would refuse local ones too.
func (r *renewer) RequireTransportSecurity() bool { return false }

// Token is the access token, for use outside gRPC. It waits, under ctx, only
// when the token has expired and a renewal is needed first.
//
// Errors: [ErrSessionEnded], [ErrClosed], the context's as a status, or why
// the renewal failed.
func (r *renewer) Token(ctx context.Context) (string, error) {
	g, err := r.grant(ctx)
	if err != nil {
		return "", err
	}
	return g.token(), nil
}

// Refresh renews now, or waits under ctx for the renewal that is under way.
// When ctx ends first the renewal goes on. Errors are those of Token.
func (r *renewer) Refresh(ctx context.Context) error {
	_, err := r.replace(ctx, r.current.Load(), true)
	return err
}

// sentKey finds the place where GetRequestMetadata notes which grant a call
// was sent with.
type sentKey struct{ of *renewer }

// noteSent makes that place. A call that is retried by grpc itself notes its
// last grant.
func (r *renewer) noteSent(ctx context.Context) (context.Context, *atomic.Pointer[grant]) {
	sent := new(atomic.Pointer[grant])
	return context.WithValue(ctx, sentKey{r}, sent), sent
}

func (r *renewer) note(ctx context.Context, g *grant) {
	if sent, ok := ctx.Value(sentKey{r}).(*atomic.Pointer[grant]); ok {
		sent.Store(g)
	}
}

// String says what this is, and nothing else.
func (r *renewer) String() string { return r.name + "{redacted}" }

// GoString says what this is, and nothing else.
func (r *renewer) GoString() string { return r.String() }

// Format prints the same for every verb and flag.
func (r *renewer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(r.String())) }

// LogValue says what this is, and nothing else.
func (r *renewer) LogValue() slog.Value { return slog.StringValue(r.String()) }
