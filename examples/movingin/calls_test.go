package movingin

import (
	"context"
	"errors"
	"io"
	"time"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
)

// call is one that every server is asked.
type call struct {
	name string
	typ  string         // of the token; "" sends none
	more map[string]any // claims; nil takes one away
	make func(ctx context.Context, client notesv1.NotesServiceClient) error
	// What each server is to do: "in", or why not.
	byHand, reported, enforcing string
}

func list(ctx context.Context, c notesv1.NotesServiceClient) error {
	_, err := c.ListNotes(ctx, &notesv1.ListNotesRequest{})
	return err
}

func create(ctx context.Context, c notesv1.NotesServiceClient) error {
	_, err := c.CreateNote(ctx, &notesv1.CreateNoteRequest{Text: "buy milk"})
	return err
}

func purge(ctx context.Context, c notesv1.NotesServiceClient) error {
	_, err := c.PurgeNotes(ctx, &notesv1.PurgeNotesRequest{})
	return err
}

func ping(ctx context.Context, c notesv1.NotesServiceClient) error {
	_, err := c.Ping(ctx, &notesv1.PingRequest{})
	return err
}

func sync(ctx context.Context, c notesv1.NotesServiceClient) error {
	stream, err := c.SyncNotes(ctx)
	if err != nil {
		return err
	}
	_ = stream.Send(&notesv1.SyncNotesRequest{Text: "buy milk"}) // fails when the stream is over, which Recv tells why
	_ = stream.CloseSend()
	return ended(stream.Recv())
}

func watch(ctx context.Context, c notesv1.NotesServiceClient) error {
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	stream, err := c.WatchNotes(ctx, &notesv1.WatchNotesRequest{})
	if err != nil {
		return err
	}
	return ended(stream.Recv())
}

// ended is nil when the other side closed the stream without an error.
func ended[T any](_ *T, err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

const in = "in"

var calls = []call{
	{name: "Ping without a token", make: ping, byHand: in, enforcing: in},
	{name: "ListNotes without a token", make: list, byHand: "UNAUTHENTICATED", enforcing: "UNAUTHENTICATED TOKEN_MISSING"},
	{name: "ListNotes with notes.read", typ: "at+jwt", make: list, byHand: in, enforcing: in},
	{name: "CreateNote with notes.read", typ: "at+jwt", make: create, byHand: "PERMISSION_DENIED", reported: "SCOPE_MISSING", enforcing: "PERMISSION_DENIED SCOPE_MISSING"},
	{name: "PurgeNotes with notes.read", typ: "at+jwt", make: purge, byHand: in, reported: "SCOPE_MISSING", enforcing: "PERMISSION_DENIED SCOPE_MISSING"},
	{name: "SyncNotes with notes.read", typ: "at+jwt", make: sync, byHand: in, reported: "SCOPE_MISSING", enforcing: "PERMISSION_DENIED SCOPE_MISSING"},
	{name: "ListNotes with an ID token", typ: "JWT", make: list, byHand: in, reported: "TOKEN_KIND", enforcing: "UNAUTHENTICATED TOKEN_KIND"},
	{name: "ListNotes with a token without exp", typ: "at+jwt", more: map[string]any{"exp": nil}, make: list, byHand: in, reported: "TOKEN_CLAIMS", enforcing: "UNAUTHENTICATED TOKEN_CLAIMS"},
	{name: "ListNotes with the token of another issuer", typ: "at+jwt", more: map[string]any{"iss": "https://staging.example"}, make: list, byHand: in, reported: "TOKEN_ISSUER", enforcing: "UNAUTHENTICATED TOKEN_ISSUER"},
	{name: "WatchNotes for an hour", typ: "at+jwt", make: watch, byHand: "DEADLINE_EXCEEDED after 1h0m0s", reported: "TOKEN_EXPIRED", enforcing: "UNAUTHENTICATED TOKEN_EXPIRED after 15m30s"},
}
