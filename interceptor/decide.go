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
func (g *Guard) decide(ctx context.Context, method string) (*token.Claims, *Denial) {
	rules := g.rules.Load()
	if rules == nil {
		return nil, deny(method, errNotProtected)
	}
	p, ok := (*rules)[method]
	if !ok {
		return nil, deny(method, errNoRule)
	}
	if p.rule.GetPublic() {
		return nil, nil
	}
	raw, err := bearer(metadata.ValueFromIncomingContext(ctx, "authorization"))
	if errors.Is(err, errMissing) && p.rule.GetOptional() {
		return nil, nil
	}
	if err != nil {
		return nil, deny(method, err)
	}
	return g.authenticate(ctx, method, p, raw)
}

func (g *Guard) authenticate(ctx context.Context, method string, p *policy, raw string) (*token.Claims, *Denial) {
	if !transport.Secure(ctx, g.plaintextFrom) {
		return nil, deny(method, errPlaintext)
	}
	claims, err := g.verifier.Verify(ctx, raw, p.kinds...)
	if err != nil {
		return nil, deny(method, err)
	}
	if claims.Bound() {
		return claims, deny(method, errTokenBound)
	}
	if details, err := p.check(claims); err != nil {
		return claims, deny(method, err, details...)
	}
	return claims, nil
}
