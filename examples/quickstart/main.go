// Quickstart is a whole server in one file: people log in, and every method
// is guarded by the rule beside it in notes.proto. The users and their sessions
// are in a SQLite file; `grpcauth user add` adds them.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection"
	_ "modernc.org/sqlite" // the driver

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/examples/notesvc"
	"github.com/grpcauth/grpcauth/interceptor"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:50051", "address to listen on")
	path := flag.String("store", "notes.db", "SQLite file of the users and their sessions, made when there is none")
	flag.Parse()
	log.Fatal(serve(context.Background(), *addr, *path))
}

func serve(ctx context.Context, addr, path string) error {
	users, err := sqlstore.OpenSQLite(ctx, path)
	if err != nil {
		return err
	}
	defer users.Close()
	auth, err := authsvc.New(authsvc.Config{
		Issuer:    "https://notes.example",
		Audiences: []string{"https://notes.example"},
		Secret:    []byte(cmp.Or(os.Getenv("NOTES_SECRET"), rand.Text()+rand.Text())), // another one ends all sessions
		Store:     users,
	})
	if err != nil {
		return err
	}
	guard, err := interceptor.New(auth.Verifier(),
		interceptor.WithRevocations(auth.Revocations()), // a logout is felt at the next call
		interceptor.WithPublicInfrastructure())          // reflection, and health where it is registered
	if err != nil {
		return err
	}
	srv := grpc.NewServer(guard.ServerOptions()...) // guard.Unary() and guard.Stream()
	auth.Register(srv)
	notesv1.RegisterNotesServiceServer(srv, notesvc.New())
	reflection.Register(srv)
	if err := guard.Protect(srv); err != nil {
		return err // a method without a rule is never served
	}
	go auth.Housekeep(ctx) // deletes what has expired
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Println("serving on", listener.Addr())
	return srv.Serve(listener)
}
