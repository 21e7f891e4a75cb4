package main

import (
	"context"
	"net"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	grpcpeer "google.golang.org/grpc/peer"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/token"
)

// guard is what stands before a server's handlers. The zero guard is nothing.
type guard struct {
	unary   grpc.UnaryServerInterceptor
	stream  grpc.StreamServerInterceptor
	protect func(*grpc.Server) error
}

func (g guard) options() []grpc.ServerOption {
	if g.unary == nil {
		return nil
	}
	return []grpc.ServerOption{grpc.UnaryInterceptor(g.unary), grpc.StreamInterceptor(g.stream)}
}

// claimsKey is where a hand-written interceptor leaves the claims.
type claimsKey struct{}

// middleware is the interceptor that a team writes around a library.
func middleware(check checker) guard {
	authenticate := func(ctx context.Context) (context.Context, error) {
		raw, err := auth.AuthFromMD(ctx, "bearer")
		if err != nil {
			return nil, err
		}
		claims, err := check(ctx, raw)
		if err != nil {
			return nil, err
		}
		return context.WithValue(ctx, claimsKey{}, claims), nil
	}
	return guard{unary: auth.UnaryServerInterceptor(authenticate), stream: auth.StreamServerInterceptor(authenticate)}
}

// ours is a Guard. It checks the method's rule, too: a scope.
func ours(verifier *token.Verifier, options ...interceptor.Option) (guard, error) {
	g, err := interceptor.New(verifier, options...)
	if err != nil {
		return guard{}, err
	}
	return guard{g.Unary(), g.Stream(), func(srv *grpc.Server) error { return g.Protect(srv) }}, nil
}

// intercepted is a unary call through the interceptor alone: no network, and
// a handler that does nothing.
func (s subject) intercepted(v variant) (func() error, error) {
	g, err := v.guard()
	if err != nil {
		return nil, err
	}
	if g.protect != nil {
		srv := grpc.NewServer(g.options()...)
		notesv1.RegisterNotesServiceServer(srv, notesv1.UnimplementedNotesServiceServer{})
		if err := g.protect(srv); err != nil {
			return nil, err
		}
	}
	ctx := grpcpeer.NewContext(context.Background(), &grpcpeer.Peer{Addr: &net.UnixAddr{Name: "bench", Net: "unix"}})
	ctx = metadata.NewIncomingContext(ctx, metadata.Pairs("authorization", "Bearer "+s.token))
	info := &grpc.UnaryServerInfo{FullMethod: notesv1.NotesService_CreateNote_FullMethodName}
	handler := func(context.Context, any) (any, error) { return nil, nil }
	request := &notesv1.CreateNoteRequest{Text: subjectName}
	return func() error {
		_, err := g.unary(ctx, request, info, handler)
		return err
	}, nil
}
