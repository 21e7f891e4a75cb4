package movingin

import (
	"context"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
)

func newMiddlewareServer(h *byHand, notes notesv1.NotesServiceServer) *grpc.Server {
	// readme:start by-middleware
	srv := grpc.NewServer(
		grpc.ChainUnaryInterceptor(auth.UnaryServerInterceptor(h.authenticate)),
		grpc.ChainStreamInterceptor(auth.StreamServerInterceptor(h.authenticate)),
	)
	notesv1.RegisterNotesServiceServer(srv, &openPing{notes, h})
	// readme:end
	return srv
}

// readme:start override

// openPing lets Ping be called without a token.
type openPing struct {
	notesv1.NotesServiceServer
	byHand *byHand
}

func (o *openPing) AuthFuncOverride(ctx context.Context, fullMethod string) (context.Context, error) {
	if fullMethod == "/notes.v1.NotesService/Ping" {
		return ctx, nil
	}
	return o.byHand.authenticate(ctx)
}

// readme:end
