package main

import (
	"context"
	"io"
	"log/slog"
	"net/netip"

	"google.golang.org/grpc/peer"

	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/internal/transport"
)

// newLogger logs to w. Both names were checked with the flags.
func newLogger(w io.Writer, level, format string) *slog.Logger {
	var least slog.Level
	_ = least.UnmarshalText([]byte(level))
	options := &slog.HandlerOptions{Level: least}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// logDecisions logs what the guard decides: calls that are refused, and at
// debug level those that are let in. Who called is told by subject, never by
// token, and where from past the proxies.
func logDecisions(log *slog.Logger, proxies []netip.Prefix) func(context.Context, interceptor.Decision) {
	return func(ctx context.Context, d interceptor.Decision) {
		level, event := slog.LevelDebug, "call_allowed"
		if d.Denied() {
			level, event = slog.LevelInfo, "call_denied"
		}
		if log.Enabled(ctx, level) {
			attrs := decisionAttrs(ctx, d)
			if len(proxies) > 0 {
				attrs = append(attrs, slog.String("address", transport.Address(ctx, proxies).String()))
			}
			log.LogAttrs(ctx, level, event, attrs...)
		}
	}
}

func decisionAttrs(ctx context.Context, d interceptor.Decision) []slog.Attr {
	attrs := []slog.Attr{slog.String("method", d.Method)}
	if d.Denied() {
		attrs = append(attrs, slog.String("reason", fault.Name(d.Reason)))
	}
	if d.Cause != nil {
		attrs = append(attrs, slog.String("cause", d.Cause.Error()))
	}
	if d.StreamEnd {
		attrs = append(attrs, slog.Bool("stream_end", true))
	}
	if d.Claims != nil {
		attrs = append(attrs, slog.String("subject", d.Claims.Subject()), slog.String("client", d.Claims.ClientID()))
	}
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		attrs = append(attrs, slog.String("peer", p.Addr.String()))
	}
	return attrs
}
