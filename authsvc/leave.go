package authsvc

import (
	"context"
	"errors"
	"log/slog"

	"google.golang.org/grpc/peer"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/internal/transport"
	"github.com/grpcauth/grpcauth/token"
)

var (
	errPlaintext  = fault.New(grpcauthv1.Reason_REASON_PLAINTEXT, "authsvc: a secret was sent over a connection that others can read")
	errNotGuarded = fault.New(grpcauthv1.Reason_REASON_NOT_GUARDED, "authsvc: no access token of ours was verified before this handler: give the server a guard that trusts Service.TrustedIssuer")
)

// logged is the error of a failure that the log has from the audit record, with
// more than the handler knows of it.
type logged struct{ error }

func (l logged) Unwrap() error { return l.error }

// leave is the one way out for an error. What only we can mend is logged with
// its cause, which a client never sees; a refusal is logged as the event it is.
func (s *server) leave(ctx context.Context, event string, err error, attrs ...slog.Attr) error {
	out := fault.Wrap(err)
	reason := fault.ReasonOf(out)
	level := slog.LevelInfo
	switch reason {
	case grpcauthv1.Reason_REASON_INTERNAL, grpcauthv1.Reason_REASON_NOT_GUARDED:
		level = slog.LevelError
	case grpcauthv1.Reason_REASON_USER_UNAVAILABLE, grpcauthv1.Reason_REASON_STORE_UNAVAILABLE:
		level = slog.LevelWarn
	case grpcauthv1.Reason_REASON_CALL_ENDED:
		level = slog.LevelDebug
	}
	if level <= slog.LevelInfo && errors.As(err, &logged{}) {
		return out
	}
	attrs = append(attrs, slog.String("reason", fault.Name(reason)))
	// What is wrong with a client is told to nobody but its operator, here.
	if level >= slog.LevelWarn || reason == grpcauthv1.Reason_REASON_INVALID_CLIENT {
		attrs = append(attrs, slog.String("cause", causeOf(err)))
	}
	s.event(ctx, level, event, attrs...)
	return out
}

// causeOf is the inner text of an error, also of one that is ready to leave.
func causeOf(err error) string {
	var ready *fault.Fault
	if errors.As(err, &ready) && ready.Unwrap() != nil {
		return ready.Unwrap().Error()
	}
	return err.Error()
}

// event logs what happened. An attribute is an id or a name, never a secret,
// and never a user name that nobody has proven to be one.
func (s *server) event(ctx context.Context, level slog.Level, name string, attrs ...slog.Attr) {
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		attrs = append(attrs, slog.String("peer", p.Addr.String()))
	}
	if len(s.proxies) > 0 {
		attrs = append(attrs, slog.String("address", s.address(ctx)))
	}
	s.cfg.Logger.LogAttrs(ctx, level, name, attrs...)
}

// secure refuses a secret that others could read on its way (RFC 6750 §5.3).
func (s *server) secure(ctx context.Context) error {
	if !transport.Secure(ctx, s.cfg.AllowPlaintextFrom) {
		return errPlaintext
	}
	return nil
}

// caller is who calls, as the guard has proven. A handler that runs without a
// guard, or behind one that trusts others too, serves nobody but our own
// callers.
func (s *server) caller(ctx context.Context) (*token.Claims, error) {
	claims, ok := token.FromContext(ctx)
	if !ok || claims.Kind() != token.Access || claims.Issuer() != s.cfg.Issuer {
		return nil, errNotGuarded
	}
	return claims, nil
}
