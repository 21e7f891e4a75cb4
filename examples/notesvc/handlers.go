package notesvc

import (
	"context"
	"crypto/rand"
	"errors"
	"io"

	"google.golang.org/grpc"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/token"
)

func newID() string { return rand.Text() }

// owner is who is calling. The guard let the call in, so the claims are there
// on every method but the public one.
func owner(ctx context.Context) string {
	claims, _ := token.FromContext(ctx)
	return claims.Subject()
}

// CreateNote keeps a note for the caller.
//
// readme:start handler
func (n *Notes) CreateNote(ctx context.Context, req *notesv1.CreateNoteRequest) (*notesv1.CreateNoteResponse, error) {
	claims, _ := token.FromContext(ctx) // verified, and the rule in notes.proto holds
	note := n.add(claims.Subject(), req.GetText())
	return &notesv1.CreateNoteResponse{Note: note}, nil
}

// readme:end

// ListNotes lists the caller's notes.
func (n *Notes) ListNotes(ctx context.Context, _ *notesv1.ListNotesRequest) (*notesv1.ListNotesResponse, error) {
	notes, _, _ := n.since(owner(ctx), 0)
	return &notesv1.ListNotesResponse{Notes: notes}, nil
}

// WatchNotes sends the caller's notes, then each new one. It ends with the
// caller's token.
func (n *Notes) WatchNotes(_ *notesv1.WatchNotesRequest, stream grpc.ServerStreamingServer[notesv1.WatchNotesResponse]) error {
	ctx, index := stream.Context(), 0
	for {
		notes, next, changed := n.since(owner(ctx), index)
		for _, note := range notes {
			if err := stream.Send(&notesv1.WatchNotesResponse{Note: note}); err != nil {
				return err
			}
		}
		index = next
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// SyncNotes keeps each text it is sent and answers with the note.
func (n *Notes) SyncNotes(stream grpc.BidiStreamingServer[notesv1.SyncNotesRequest, notesv1.SyncNotesResponse]) error {
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		note := n.add(owner(stream.Context()), req.GetText())
		if err := stream.Send(&notesv1.SyncNotesResponse{Note: note}); err != nil {
			return err
		}
	}
}

// PurgeNotes forgets everyone's notes.
func (n *Notes) PurgeNotes(context.Context, *notesv1.PurgeNotesRequest) (*notesv1.PurgeNotesResponse, error) {
	return &notesv1.PurgeNotesResponse{Purged: int32(n.purge())}, nil //nolint:gosec // a demo keeps fewer than two billion notes
}

// Ping answers anybody.
func (n *Notes) Ping(context.Context, *notesv1.PingRequest) (*notesv1.PingResponse, error) {
	return &notesv1.PingResponse{}, nil
}
