package main

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/realip"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/interceptor"
)

// chains are both chains of the server, outermost first. The order is what
// matters here:
//
//  1. realip finds the caller's address, because the log wants it. It reads
//     headers, which are worth what the proxy is worth that wrote them (of
//     several lines it takes the first, which may be the caller's own); the
//     Guard goes by the connection alone.
//  2. logging sees the outcome of everything behind it, also of what the Guard
//     refused and of what panicked.
//  3. recovery makes an error of a panic. It stands before the Guard, so that
//     it recovers what users' loaders and checks do, too.
//  4. The Guard. Whatever asks who is calling, such as rate limits by user,
//     stands behind it, and what costs much as well: nobody gets there who may
//     not call.
//
// A stream has a chain of its own, and it must be the same one.
func chains(guard *interceptor.Guard, logger *slog.Logger, proxies ...netip.Prefix) []grpc.ServerOption {
	addresses := []realip.Option{realip.WithTrustedPeers(proxies), realip.WithTrustedProxies(proxies), realip.WithHeaders([]string{realip.XForwardedFor})}
	lines := []logging.Option{
		logging.WithLogOnEvents(logging.FinishCall), // at its end, when it is known who called; payloads hold passwords and tokens
		logging.WithErrorFields(reason),
		logging.WithFieldsFromContext(address),
	}
	recovered := recovery.WithRecoveryHandlerContext(func(ctx context.Context, p any) error {
		logger.ErrorContext(ctx, "panic", "value", p)
		return status.Error(codes.Internal, "internal error") // the default sends the stack to the client
	})
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(
			realip.UnaryServerInterceptorOpts(addresses...),
			selector.UnaryServerInterceptor(logging.UnaryServerInterceptor(toSlog(logger), lines...), worthALine()),
			recovery.UnaryServerInterceptor(recovered),
			guard.Unary(),
		),
		grpc.ChainStreamInterceptor(
			realip.StreamServerInterceptorOpts(addresses...),
			selector.StreamServerInterceptor(logging.StreamServerInterceptor(toSlog(logger), lines...), worthALine()),
			recovery.StreamServerInterceptor(recovered),
			guard.Stream(),
		),
	}
}

// worthALine selects what is logged: not the health checks. Never put the
// Guard behind a selector: the methods that it skips are open to anybody, and
// Protect can't know. A method for anybody has the rule {public: true}, which
// stands in the .proto for reviewers to see.
func worthALine() selector.Matcher {
	return selector.MatchFunc(func(_ context.Context, call interceptors.CallMeta) bool {
		return call.Service != healthv1.Health_ServiceDesc.ServiceName
	})
}

// toSlog has the logging interceptor write to slog.
func toSlog(logger *slog.Logger) logging.Logger {
	return logging.LoggerFunc(func(ctx context.Context, level logging.Level, msg string, fields ...any) {
		logger.Log(ctx, slog.Level(level), msg, fields...)
	})
}

// caller tells the log who called. It is the Guard's observer, and runs while
// the call's line is open; the end of a stream does not, and has a reason
// without it.
func caller(ctx context.Context, d interceptor.Decision) {
	if d.Claims != nil && !d.StreamEnd {
		logging.AddFields(ctx, logging.Fields{"auth.subject", d.Claims.Subject(), "auth.client", d.Claims.ClientID()})
	}
}

// reason tells the log why the Guard refused, and the cause, which the client
// is not told. Neither ever holds a token.
func reason(err error) logging.Fields {
	var denial *interceptor.Denial
	if !errors.As(err, &denial) {
		return nil
	}
	return logging.Fields{"auth.reason", denial.Reason.String(), "auth.cause", errors.Unwrap(denial)}
}

// address is where the call is from, past the proxies that are trusted.
func address(ctx context.Context) logging.Fields {
	if ip, ok := realip.FromContext(ctx); ok {
		return logging.Fields{"peer.ip", ip.String()}
	}
	return nil
}
