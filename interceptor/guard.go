package interceptor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"sync/atomic"
	"time"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/policy"
	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

// Guard decides about every call of one server. It refuses all of them until
// [Guard.Protect] has succeeded. A Guard is safe for concurrent use.
type Guard struct {
	verifier      *token.Verifier
	clock         func() time.Time // the verifier's
	sources       []TokenSource
	plaintextFrom []netip.Prefix
	ruleSet       ruleSet
	revocations   revocation.Checker // nil when nobody is asked
	checks        []func(context.Context, *token.Claims) error
	loadUser      userLoader // nil when there are no users
	userType      reflect.Type
	observers     []func(context.Context, Decision)
	mapError      func(context.Context, *Denial) error // nil when nobody maps
	reportOnly    bool
	leases        *leases
	cacheBytes    uint64
	cache         *cache // nil when it is off

	unaryTaken, streamTaken atomic.Bool

	// rules is every method of the protected server, nil until then.
	rules atomic.Pointer[map[string]*methodRule]
}

// New makes a Guard that trusts what verifier trusts. Options that contradict
// each other are refused here; rules are checked by [Guard.Protect].
func New(verifier *token.Verifier, options ...Option) (*Guard, error) {
	if verifier == nil {
		return nil, errors.New("interceptor: New needs a verifier: make one with token.NewVerifier")
	}
	g := &Guard{
		verifier: verifier, clock: verifier.Now, ruleSet: newRuleSet(),
		leases: newLeases(), cacheBytes: defaultCacheBytes,
	}
	var problems error
	for i, o := range options {
		if o == nil {
			problems = errors.Join(problems, fmt.Errorf("interceptor: New: option %d is nil", i+1))
			continue
		}
		problems = errors.Join(problems, o.apply(g))
	}
	if g.sources == nil {
		g.sources = []TokenSource{bearerSource()}
	}
	var err error
	g.cache, err = newCache(g.cacheBytes)
	if problems = errors.Join(problems, err, g.checkReporting()); problems != nil {
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
	outer, method := ctx, called(ctx, info)
	ctx, _, err := g.admit(outer, method, req)
	if err == nil && method != info.FullMethod && g.registered(info.FullMethod) != nil {
		ctx, _, err = g.admit(outer, info.FullMethod, req)
	}
	if err != nil {
		return nil, err
	}
	return handler(ctx, req)
}

// called is the method that the client asked for, which is the one that
// Protect found a rule for. info names the method that the handler was
// generated for: another one where a service is registered under a name of its
// own, or where a handler calls another service in the same process and hands
// its own context on. Where both have a rule, both must let the call in.
func called(ctx context.Context, info *grpc.UnaryServerInfo) string {
	if method, ok := grpc.Method(ctx); ok {
		return method
	}
	return info.FullMethod
}

func (g *Guard) interceptStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	ctx, v, err := g.admit(stream.Context(), info.FullMethod, eachMessage{})
	if err != nil {
		return err
	}
	if v.claims == nil {
		return handler(srv, telling(ctx, stream))
	}
	held := g.hold(ctx, stream, info.FullMethod, v)
	return held.run(func(stream *middleware.WrappedServerStream) error { return handler(srv, stream) })
}

// admit decides about a call and publishes in its context what was proven. The
// verdict's claims are nil on a public or anonymous call.
func (g *Guard) admit(ctx context.Context, method string, request any) (context.Context, verdict, error) {
	var v verdict
	begun := g.begin()
	g.decide(ctx, method, request, &v)
	return g.conclude(ctx, method, &v, begun)
}

// conclude does what was decided.
func (g *Guard) conclude(ctx context.Context, method string, v *verdict, begun time.Time) (context.Context, verdict, error) {
	v.waived = g.reportOnly && v.denial != nil
	g.observe(ctx, method, v, begun)
	switch {
	case v.waived:
		return asNobody(ctx), verdict{rule: v.rule}, nil // nothing was proven that counts
	case v.denial != nil:
		challenge(ctx, v.denial)
		return nil, *v, g.outcome(ctx, v.denial)
	case v.claims == nil:
		return asNobody(ctx), *v, nil
	}
	return g.publish(ctx, v), *v, nil
}

// asNobody is the context of a call that nobody was let in with. One that is
// made within another call, in the same process, may come with what was proven
// of the other's caller.
func asNobody(ctx context.Context) context.Context {
	if _, other := token.FromContext(ctx); other {
		return token.NewContext(ctx, nil)
	}
	return ctx
}

// telling is the stream with that context.
func telling(ctx context.Context, stream grpc.ServerStream) grpc.ServerStream {
	if _, other := token.FromContext(stream.Context()); !other {
		return stream
	}
	return &middleware.WrappedServerStream{ServerStream: stream, WrappedContext: ctx}
}

// publish puts into the context what the verdict has proven.
func (g *Guard) publish(ctx context.Context, v *verdict) context.Context {
	if v.claims == nil {
		return ctx
	}
	ctx = token.NewContext(ctx, v.claims)
	if g.loadUser == nil && *v.source == bearerSource() {
		return ctx
	}
	return &admitted{Context: ctx, claims: v.claims, user: v.user, loads: g.userType, source: *v.source}
}

// Authenticate holds the running call to a rule of the program's own, from
// within a handler: on a public method that knows more for some callers, or
// where the rule depends on what the handler finds out.
//
//	ctx, err := guard.Authenticate(ctx, interceptor.Scopes("notes.admin"))
//	if err != nil {
//		return nil, err // a *Denial: it is the answer
//	}
//
// The context that it returns has the claims and the user. The rule is
// compiled anew each time, which takes some microseconds; it can't bind claims
// to the request, which the handler has at hand. A rule that can't be right is
// answered with INTERNAL. Nothing ends a stream here when the token expires:
// only [Guard.Stream] does. Until [Guard.Protect] has succeeded it refuses with
// NOT_PROTECTED. [InsecureReportOnly] does not loosen it.
func (g *Guard) Authenticate(ctx context.Context, rule *grpcauthv1.Rule) (context.Context, error) {
	method, _ := grpc.Method(ctx)
	var v verdict
	begun := g.begin()
	g.decideBy(ctx, method, rule, &v)
	g.observe(ctx, method, &v, begun)
	if v.denial != nil {
		return nil, g.outcome(ctx, v.denial)
	}
	return g.publish(ctx, &v), nil
}

// decideBy is decide for a rule that is not the method's own.
func (g *Guard) decideBy(ctx context.Context, method string, rule *grpcauthv1.Rule, v *verdict) {
	rules := g.rules.Load()
	if rules == nil {
		v.refuse(method, errNotProtected.Reason(), errNotProtected)
		return
	}
	v.rule = (*rules)[method]
	if rule == nil { // which Compile takes for {}
		v.refuse(method, errNilRule.Reason(), errNilRule)
		return
	}
	p, err := policy.Compile(rule, nil, g.verifier.Issuers())
	if err != nil {
		v.refuse(method, grpcauthv1.Reason_REASON_INTERNAL, fmt.Errorf("interceptor: Authenticate: the rule can't be right: %s", oneLine(err)))
		return
	}
	g.apply(ctx, method, p, nil, v)
}

// challenge sends the www-authenticate header that goes with a denial. It
// tells the client that no handler ran. That it can't be sent any more (or at
// all, outside a server) changes nothing about the denial.
func challenge(ctx context.Context, d *Denial) {
	if value := d.leaving().Challenge(); value != "" {
		_ = grpc.SetHeader(ctx, metadata.Pairs("www-authenticate", value))
	}
}
