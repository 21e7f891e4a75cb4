package movingin

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/token"
)

// before is the service with its checks in the handlers.
type before struct {
	notesv1.UnimplementedNotesServiceServer
}

// readme:start handler-before

func (before) CreateNote(ctx context.Context, req *notesv1.CreateNoteRequest) (*notesv1.CreateNoteResponse, error) {
	caller := myClaimsFrom(ctx)
	if !caller.has("notes.write") {
		return nil, status.Error(codes.PermissionDenied, "notes.write is needed")
	}
	return &notesv1.CreateNoteResponse{Note: keep(caller.Subject, req.GetText())}, nil
}

// readme:end

func (before) ListNotes(ctx context.Context, _ *notesv1.ListNotesRequest) (*notesv1.ListNotesResponse, error) {
	if !myClaimsFrom(ctx).has("notes.read") {
		return nil, status.Error(codes.PermissionDenied, "notes.read is needed")
	}
	return &notesv1.ListNotesResponse{}, nil
}

// PurgeNotes is where a check was forgotten.
func (before) PurgeNotes(context.Context, *notesv1.PurgeNotesRequest) (*notesv1.PurgeNotesResponse, error) {
	return &notesv1.PurgeNotesResponse{}, nil
}

func (before) Ping(context.Context, *notesv1.PingRequest) (*notesv1.PingResponse, error) {
	return &notesv1.PingResponse{}, nil
}

func (before) WatchNotes(_ *notesv1.WatchNotesRequest, stream grpc.ServerStreamingServer[notesv1.WatchNotesResponse]) error {
	<-stream.Context().Done()
	return stream.Context().Err()
}

func (before) SyncNotes(stream grpc.BidiStreamingServer[notesv1.SyncNotesRequest, notesv1.SyncNotesResponse]) error {
	for {
		_, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// after is the service behind a Guard.
type after struct{ before }

// readme:start handler-after

func (after) CreateNote(ctx context.Context, req *notesv1.CreateNoteRequest) (*notesv1.CreateNoteResponse, error) {
	claims, _ := token.FromContext(ctx) // the rule in notes.proto holds
	return &notesv1.CreateNoteResponse{Note: keep(claims.Subject(), req.GetText())}, nil
}

// readme:end

func (after) ListNotes(context.Context, *notesv1.ListNotesRequest) (*notesv1.ListNotesResponse, error) {
	return &notesv1.ListNotesResponse{}, nil
}

// keep is the rest of the handler.
func keep(owner, text string) *notesv1.Note { return &notesv1.Note{Id: owner, Text: text} }
