package interceptor

import (
	"context"

	"google.golang.org/protobuf/proto"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/internal/policy"
	"github.com/grpcauth/grpcauth/internal/transport"
	"github.com/grpcauth/grpcauth/token"
)

// Why a call was refused before its token was looked at, or where there was
// no message to look at.
var (
	errNotProtected = fault.New(grpcauthv1.Reason_REASON_NOT_PROTECTED, "interceptor: guard.Protect(server) has not succeeded: call it after registering the services and before serving")
	errNoRule       = fault.New(grpcauthv1.Reason_REASON_NO_RULE, "interceptor: no rule covers this method")
	errPlaintext    = fault.New(grpcauthv1.Reason_REASON_PLAINTEXT, "interceptor: a token came over a connection without TLS from another machine: use TLS, or AllowPlaintextFrom for the proxy that terminates it")
	errNilRule      = fault.New(grpcauthv1.Reason_REASON_INTERNAL, "interceptor: Authenticate: the rule is nil: pass interceptor.Authenticated() or another one")
	errNoMessage    = fault.New(grpcauthv1.Reason_REASON_INTERNAL, "interceptor: the rule binds claims to the request, and the request is no protobuf message")
)

// verdict is the outcome of a decision.
type verdict struct {
	rule   *methodRule // nil when no such method is registered
	claims *token.Claims
	user   any
	source *TokenSource // where the token stood
	cached bool         // the token was known
	denial *Denial      // nil when the call is let in
	// waived is true when the denial was told to observers and nobody else.
	waived bool
}

// refuse makes the verdict a denial.
func (v *verdict) refuse(method string, reason grpcauthv1.Reason, cause error, details ...fault.Detail) {
	v.denial = deny(method, reason, cause, details...)
}

// decide is the whole decision about a call. It fails closed. Nil claims
// without a denial are a public or anonymous call. request is the message of a
// unary call, and eachMessage for a stream.
func (g *Guard) decide(ctx context.Context, method string, request any, v *verdict) {
	rules := g.rules.Load()
	if rules == nil {
		v.refuse(method, errNotProtected.Reason(), errNotProtected)
		return
	}
	if v.rule = (*rules)[method]; v.rule == nil || v.rule.policy == nil {
		v.refuse(method, errNoRule.Reason(), errNoRule)
		return
	}
	g.apply(ctx, method, v.rule.policy, request, v)
}

// apply holds a call to a rule: token source, transport, token, then what is
// asked of the claims.
func (g *Guard) apply(ctx context.Context, method string, p *policy.Policy, request any, v *verdict) {
	if p.Rule().GetPublic() {
		return
	}
	raw, from, err := g.readToken(ctx)
	if err == errMissing && p.Rule().GetOptional() { //nolint:errorlint // it comes bare
		return
	}
	if err != nil {
		v.refuse(method, fault.ReasonOf(err), err)
		return
	}
	if !transport.Secure(ctx, g.plaintextFrom) {
		v.refuse(method, errPlaintext.Reason(), errPlaintext)
		return
	}
	v.source = from
	if v.claims, v.cached, err = g.prove(ctx, raw, p.Kinds()); err != nil {
		v.refuse(method, unproven(ctx, err), err)
		return
	}
	if reason, details, err := g.allow(ctx, p, v.claims, request); err != nil {
		v.refuse(method, reason, err, details...)
		return
	}
	var reason grpcauthv1.Reason
	if v.user, reason, err = g.userOf(ctx, v.claims); err != nil {
		v.refuse(method, reason, err)
	}
}

// unproven is why a token could not be proven. A key set of the server's own
// may fail in a way of its own, such as a timeout that is not the call's: then
// it can't be known now.
func unproven(ctx context.Context, err error) grpcauthv1.Reason {
	reason := fault.ReasonOf(err)
	if reason == grpcauthv1.Reason_REASON_INTERNAL || reason == grpcauthv1.Reason_REASON_CALL_ENDED && ctx.Err() == nil {
		return grpcauthv1.Reason_REASON_KEYS_UNAVAILABLE
	}
	return reason
}

// allow tells whether a token that is good may be used for this call, by the
// rule and by the server's own checks.
func (g *Guard) allow(ctx context.Context, p *policy.Policy, claims *token.Claims, request any) (grpcauthv1.Reason, []fault.Detail, error) {
	if err := confirm(ctx, claims, p.Rule().GetSenderConstrained()); err != nil {
		return fault.ReasonOf(err), nil, err
	}
	if err := p.CheckToken(claims); err != nil {
		return fault.ReasonOf(err), nil, err
	}
	if reason, err := g.revoked(ctx, p.Rule(), claims); err != nil {
		return reason, nil, err
	}
	if details, err := p.CheckHolder(claims, g.clock); err != nil {
		return fault.ReasonOf(err), details, err
	}
	if err := checkRequest(p, claims, request); err != nil {
		return fault.ReasonOf(err), nil, err
	}
	reason, err := g.askChecks(ctx, claims)
	return reason, nil, err
}

// eachMessage stands for the request of a stream, whose messages are looked at
// when they come.
type eachMessage struct{}

// checkRequest tells whether the claims are bound to this request.
func checkRequest(p *policy.Policy, claims *token.Claims, request any) error {
	if len(p.Bindings()) == 0 {
		return nil
	}
	if _, later := request.(eachMessage); later {
		return nil
	}
	message, ok := request.(proto.Message)
	if !ok {
		return errNoMessage
	}
	return p.CheckRequest(claims, message.ProtoReflect())
}
