package movingin

import (
	"context"
	"log/slog"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/token"
)

// newReporter is a Guard that only reports. count is an observer for metrics.
func newReporter(verifier *token.Verifier, count func(context.Context, interceptor.Decision), log *slog.Logger) (*interceptor.Guard, error) {
	// readme:start reporter
	guard, err := interceptor.New(verifier,
		interceptor.InsecureReportOnly(),
		interceptor.WithObserver(count), // of promauth.New, say
		interceptor.WithObserver(report(log)),
		interceptor.WithPublicInfrastructure(),
	)
	// readme:end
	return guard, err
}

// newReportingServer is the first step: what was there decides, and the Guard
// reports.
func newReportingServer(guard *interceptor.Guard, h *byHand, notes notesv1.NotesServiceServer, log *slog.Logger) *grpc.Server {
	// readme:start reporting
	srv := grpc.NewServer(
		grpc.ChainUnaryInterceptor(h.unary, guard.Unary()),
		grpc.ChainStreamInterceptor(h.stream, guard.Stream()),
	)
	notesv1.RegisterNotesServiceServer(srv, notes)
	if err := guard.Protect(srv); err != nil {
		log.Warn("a Guard that enforces would not start", "because", err)
	}
	// readme:end
	return srv
}

// newReportingMiddlewareServer is the same where go-grpc-middleware was there.
func newReportingMiddlewareServer(guard *interceptor.Guard, h *byHand, notes notesv1.NotesServiceServer, log *slog.Logger) *grpc.Server {
	// readme:start reporting-middleware
	srv := grpc.NewServer(
		grpc.ChainUnaryInterceptor(auth.UnaryServerInterceptor(h.authenticate), guard.Unary()),
		grpc.ChainStreamInterceptor(auth.StreamServerInterceptor(h.authenticate), guard.Stream()),
	)
	// readme:end
	notesv1.RegisterNotesServiceServer(srv, &openPing{notes, h})
	if err := guard.Protect(srv); err != nil {
		log.Warn("a Guard that enforces would not start", "because", err)
	}
	return srv
}

// readme:start report

// report logs each call that works today and would be refused.
func report(log *slog.Logger) func(context.Context, interceptor.Decision) {
	return func(ctx context.Context, d interceptor.Decision) {
		if !d.ReportOnly {
			return
		}
		log.WarnContext(ctx, "would be refused", "method", d.Method, "reason", d.Reason, "because", d.Cause, "stream_end", d.StreamEnd)
	}
}

// readme:end

// newGuardedServer is the last step: nothing of what was there is left.
func newGuardedServer(notes notesv1.NotesServiceServer, verifier *token.Verifier, count func(context.Context, interceptor.Decision)) (*grpc.Server, error) {
	// readme:start enforcing
	guard, err := interceptor.New(verifier,
		interceptor.WithObserver(count),
		interceptor.WithPublicInfrastructure(),
	)
	if err != nil {
		return nil, err
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	notesv1.RegisterNotesServiceServer(srv, notes)
	if err := guard.Protect(srv); err != nil {
		return nil, err // a method without a rule is never served
	}
	// readme:end
	return srv, nil
}
