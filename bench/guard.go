package main

import (
	"context"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/interceptor"
)

// guarded is a unary call through the interceptor alone: the token is read
// from the metadata and verified, the rule is checked, the claims are put in
// the context. There is no network, and a handler that does nothing.
func (s subject) guarded() (func() error, error) {
	verifier, err := s.verifier()
	if err != nil {
		return nil, err
	}
	guard, err := interceptor.New(verifier)
	if err != nil {
		return nil, err
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	notesv1.RegisterNotesServiceServer(srv, notesv1.UnimplementedNotesServiceServer{})
	if err := guard.Protect(srv); err != nil {
		return nil, err
	}
	ctx := peer.NewContext(context.Background(), &peer.Peer{Addr: &net.UnixAddr{Name: "bench", Net: "unix"}})
	ctx = metadata.NewIncomingContext(ctx, metadata.Pairs("authorization", "Bearer "+s.token))
	intercept, info := guard.Unary(), &grpc.UnaryServerInfo{FullMethod: notesv1.NotesService_CreateNote_FullMethodName}
	handler := func(context.Context, any) (any, error) { return nil, nil }
	return func() error {
		_, err := intercept(ctx, nil, info, handler)
		return err
	}, nil
}
