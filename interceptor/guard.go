package interceptor

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcauth/grpcauth/token"
)

// Guard decides about every call of one server. It refuses all of them until
// [Guard.Protect] has succeeded. A Guard is safe for concurrent use.
type Guard struct {
	verifier      *token.Verifier
	observer      func(context.Context, Decision)
	plaintextFrom []netip.Prefix
	ruleSet       ruleSet
	leases        *leases
	cacheBytes    uint64
	cache         *cache // nil when it is off

	unaryTaken, streamTaken atomic.Bool

	// rules is every method of the protected server, nil until then.
	rules atomic.Pointer[map[string]*policy]
}

// New makes a Guard that trusts what verifier trusts. Options that contradict
// each other are refused here; rules are checked by [Guard.Protect].
func New(verifier *token.Verifier, options ...Option) (*Guard, error) {
	if verifier == nil {
		return nil, errors.New("interceptor: New needs a verifier: make one with token.NewVerifier")
	}
	g := &Guard{verifier: verifier, ruleSet: newRuleSet(), leases: newLeases(), cacheBytes: defaultCacheBytes}
	var problems error
	for _, o := range options {
		problems = errors.Join(problems, o(g))
	}
	var err error
	g.cache, err = newCache(g.cacheBytes)
	if problems = errors.Join(problems, err); problems != nil {
		return nil, problems
	}
	return g, nil
}

// Unary is the interceptor for unary calls. In a chain put it after recovery
// and logging, and before whatever asks who is calling.
func (g *Guard) Unary() grpc.UnaryServerInterceptor {
	g.unaryTaken.Store(true)
	return g.interceptUnary
}

// Stream is the interceptor for streams. A stream that it lets in ends when
// its token expires (plus the verifier's leeway), whatever the handler is
// doing; the client opens a new one.
func (g *Guard) Stream() grpc.StreamServerInterceptor {
	g.streamTaken.Store(true)
	return g.interceptStream
}

// ServerOptions installs both interceptors, each in its server's chain.
func (g *Guard) ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(g.Unary()),
		grpc.ChainStreamInterceptor(g.Stream()),
	}
}

func (g *Guard) interceptUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	ctx, _, err := g.admit(ctx, called(ctx, info))
	if err != nil {
		return nil, err
	}
	return handler(ctx, req)
}

// called is the method that the client asked for, which is the one that
// Protect found a rule for. info names the method that the handler was
// generated for: another one, where a service is registered under a name of
// its own.
func called(ctx context.Context, info *grpc.UnaryServerInfo) string {
	if method, ok := grpc.Method(ctx); ok {
		return method
	}
	return info.FullMethod
}

func (g *Guard) interceptStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	ctx, claims, err := g.admit(stream.Context(), info.FullMethod)
	if err != nil {
		return err
	}
	if claims == nil {
		return handler(srv, stream)
	}
	held := g.hold(ctx, stream, info.FullMethod, claims)
	return held.run(func(stream *middleware.WrappedServerStream) error { return handler(srv, stream) })
}

// admit decides about a call and publishes the claims in its context. The
// claims are nil on a public or anonymous call.
func (g *Guard) admit(ctx context.Context, method string) (context.Context, *token.Claims, error) {
	v := g.decide(ctx, method)
	g.observe(ctx, method, v, false)
	if v.denial != nil {
		challenge(ctx, v.denial)
		return nil, nil, v.denial
	}
	if v.claims == nil {
		return ctx, nil, nil
	}
	return token.NewContext(ctx, v.claims), v.claims, nil
}

// challenge sends the www-authenticate header that goes with a denial. It
// tells the client that no handler ran. That it can't be sent any more (or at
// all, outside a server) changes nothing about the denial.
func challenge(ctx context.Context, d *Denial) {
	if value := d.fault.Challenge(); value != "" {
		_ = grpc.SetHeader(ctx, metadata.Pairs("www-authenticate", value))
	}
}
