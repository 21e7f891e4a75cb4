// Quickstart is a whole server in one file: people log in, and every method
// is guarded by the rule beside it in notes.proto.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"flag"
	"fmt"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/examples/notesvc"
	"github.com/grpcauth/grpcauth/interceptor"
)

var ada = authsvc.Identity{Subject: "u-7f3a", Username: "ada", Scopes: []string{"notes.read", "notes.write"}}

// authenticate and load ask your own user table, here of one person.
func authenticate(_ context.Context, c authsvc.Credentials) (authsvc.Identity, error) {
	right := subtle.ConstantTimeCompare([]byte(c.Password), []byte("correct horse battery staple")) == 1
	if c.Username != ada.Username || !right {
		return authsvc.Identity{}, authsvc.ErrInvalidCredentials
	}
	return ada, nil
}

func load(_ context.Context, subject string) (authsvc.Identity, error) {
	if subject != ada.Subject {
		return authsvc.Identity{}, authsvc.ErrGone
	}
	return ada, nil
}

func main() {
	addr := flag.String("addr", "127.0.0.1:50051", "address to listen on")
	flag.Parse()
	log.Fatal(serve(*addr))
}

func serve(addr string) error {
	auth, err := authsvc.New(authsvc.Config{
		Issuer:       "https://notes.example",
		Audiences:    []string{"https://notes.example"},
		Secret:       []byte(cmp.Or(os.Getenv("NOTES_SECRET"), rand.Text()+rand.Text())), // HS256
		Store:        memory.New(),
		Authenticate: authenticate,
		Load:         load,
	})
	if err != nil {
		return err
	}
	guard, err := interceptor.New(auth.Verifier(),
		interceptor.WithRevocations(auth.Revocations()), // a logout is felt at the next call
		interceptor.WithPublicInfrastructure())          // health, reflection
	if err != nil {
		return err
	}
	srv := grpc.NewServer(guard.ServerOptions()...) // guard.Unary() and guard.Stream()
	auth.Register(srv)
	notesv1.RegisterNotesServiceServer(srv, notesvc.New())
	healthv1.RegisterHealthServer(srv, health.NewServer())
	reflection.Register(srv)
	if err := guard.Protect(srv); err != nil {
		return err // a method without a rule is never served
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Println("serving on", listener.Addr())
	return srv.Serve(listener)
}
