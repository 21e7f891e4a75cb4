package interceptor

import (
	"context"
	"errors"

	"google.golang.org/grpc/metadata"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/internal/transport"
	"github.com/grpcauth/grpcauth/token"
)

// Why a call was refused before its token was looked at.
var (
	errNotProtected = fault.New(grpcauthv1.Reason_REASON_NOT_PROTECTED, "interceptor: guard.Protect(server) has not succeeded: call it after registering the services and before serving")
	errNoRule       = fault.New(grpcauthv1.Reason_REASON_NO_RULE, "interceptor: no rule covers this method")
	errPlaintext    = fault.New(grpcauthv1.Reason_REASON_PLAINTEXT, "interceptor: a token came over a connection without TLS from another machine: use TLS, or AllowPlaintextFrom for the proxy that terminates it")
)

// decide is the whole decision about a call: rule, token source, transport,
// token, binding, requirements. It fails closed. Nil claims without a denial
// are a public or anonymous call.
func (g *Guard) decide(ctx context.Context, method string) verdict {
	rules := g.rules.Load()
	if rules == nil {
		return verdict{denial: deny(method, errNotProtected)}
	}
	p, ok := (*rules)[method]
	if !ok {
		return verdict{denial: deny(method, errNoRule)}
	}
	if p.rule.GetPublic() {
		return verdict{}
	}
	raw, err := bearer(metadata.ValueFromIncomingContext(ctx, "authorization"))
	if errors.Is(err, errMissing) && p.rule.GetOptional() {
		return verdict{}
	}
	if err != nil {
		return verdict{denial: deny(method, err)}
	}
	return g.authenticate(ctx, method, p, raw)
}

// verdict is the outcome of a decision.
type verdict struct {
	claims *token.Claims // nil when nobody was authenticated
	cached bool          // the token was known
	denial *Denial       // nil when the call is let in
}

func (g *Guard) authenticate(ctx context.Context, method string, p *policy, raw string) (v verdict) {
	if !transport.Secure(ctx, g.plaintextFrom) {
		return verdict{denial: deny(method, errPlaintext)}
	}
	var err error
	if v.claims, v.cached, err = g.prove(ctx, raw, p.kinds); err != nil {
		return verdict{denial: deny(method, err)}
	}
	if v.claims.Bound() {
		v.denial = deny(method, errTokenBound)
		return v
	}
	if details, err := p.check(v.claims); err != nil {
		v.denial = deny(method, err, details...)
	}
	return v
}
