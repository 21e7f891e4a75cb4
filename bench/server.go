package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
)

// notes answers at once, so that a call costs what gRPC costs.
type notes struct {
	notesv1.UnimplementedNotesServiceServer
}

func (notes) CreateNote(_ context.Context, req *notesv1.CreateNoteRequest) (*notesv1.CreateNoteResponse, error) {
	return &notesv1.CreateNoteResponse{Note: &notesv1.Note{Text: req.GetText()}}, nil
}

func (notes) WatchNotes(_ *notesv1.WatchNotesRequest, stream grpc.ServerStreamingServer[notesv1.WatchNotesResponse]) error {
	response := &notesv1.WatchNotesResponse{Note: &notesv1.Note{Text: "milk"}}
	for range streamLength {
		if err := stream.Send(response); err != nil {
			return err
		}
	}
	return nil
}

// caller calls one server.
type caller struct{ client notesv1.NotesServiceClient }

// serve runs a server behind the variant's guard and connects to it in
// memory. stop ends both.
func serve(v variant) (c caller, stop func(), err error) {
	g, err := v.guard()
	if err != nil {
		return c, nil, err
	}
	srv := grpc.NewServer(g.options()...)
	notesv1.RegisterNotesServiceServer(srv, notes{})
	if g.protect != nil {
		if err := g.protect(srv); err != nil {
			return c, nil, err
		}
	}
	conn, stop, err := connect(srv)
	if err != nil {
		return c, nil, err
	}
	return caller{notesv1.NewNotesServiceClient(conn)}, stop, nil
}

// connect runs a server and connects to it in memory. stop ends both.
func connect(srv *grpc.Server) (conn *grpc.ClientConn, stop func(), err error) {
	listener := bufconn.Listen(1 << 20)
	conn, err = grpc.NewClient("passthrough:///bench", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		return nil, nil, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = srv.Serve(listener) // ends when the server is stopped
	}()
	return conn, func() {
		_ = conn.Close()
		srv.Stop()
		<-ended
	}, nil
}

func sending(raw string) context.Context {
	return metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+raw)
}

// unary is one call that sends the token.
func (c caller) unary(raw string) func() error {
	ctx, request := sending(raw), &notesv1.CreateNoteRequest{Text: "milk"}
	return func() error {
		_, err := c.client.CreateNote(ctx, request)
		return err
	}
}

// stream is one stream that sends the token and reads all messages.
func (c caller) stream(raw string) func() error {
	ctx, request := sending(raw), &notesv1.WatchNotesRequest{}
	return func() error {
		stream, err := c.client.WatchNotes(ctx, request)
		if err != nil {
			return err
		}
		for n := 0; ; n++ {
			_, err := stream.Recv()
			if errors.Is(err, io.EOF) && n == streamLength {
				return nil
			}
			if err != nil {
				return fmt.Errorf("message %d: %w", n, err)
			}
		}
	}
}
