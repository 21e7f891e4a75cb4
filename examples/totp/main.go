// Totp is a server whose users log in with a password and a code from their
// phone (RFC 6238).
//
//	make .bin/grpcurl
//	go run ./examples/totp
//
// and, in another terminal:
//
//	.bin/grpcurl -plaintext -d '{"username":"ada","password":"correct horse battery staple"}' \
//		127.0.0.1:50054 grpcauth.v1.AuthService/Login
//
// answers with a challenge. An authenticator app shows the code for it, once the
// key GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ was entered there. Without a phone, oathtool
// prints it (Debian's package oathtool, Homebrew's oath-toolkit):
//
//	oathtool --totp 3132333435363738393031323334353637383930
//
// Send it to the same method with the challenge's token:
//
//	.bin/grpcurl -plaintext -d '{"challenge_answer":{"token":"gch_...","response":"123456"}}' \
//		127.0.0.1:50054 grpcauth.v1.AuthService/Login
//
// A client in Go gets the challenge as an error that takes the code:
//
//	session, err := authclient.Login(ctx, conn, "ada", password)
//	if challenge, ok := errors.AsType[*authclient.ChallengeError](err); ok {
//		session, err = challenge.Answer(ctx, code)
//	}
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
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	"github.com/grpcauth/grpcauth/interceptor"
)

// secret is the one of the RFC's test vectors. Yours are 20 random bytes a user.
const secret = "12345678901234567890"

func main() {
	addr := flag.String("addr", "127.0.0.1:50054", "address to listen on")
	flag.Parse()
	log.Fatal(serve(*addr))
}

func serve(addr string) error {
	people, err := newUsers(context.Background(), time.Now)
	if err != nil {
		return err
	}
	srv, err := newServer(people)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Println("serving on", listener.Addr())
	return srv.Serve(listener)
}

// newUsers makes a table of one.
func newUsers(ctx context.Context, now func() time.Time) (*users, error) {
	hasher, err := password.NewHasher(password.Config{})
	if err != nil {
		return nil, err
	}
	hash, err := hasher.Hash(ctx, "correct horse battery staple")
	if err != nil {
		return nil, err
	}
	ada := &user{
		Identity:     authsvc.Identity{Subject: "u-7f3a", Username: "ada", Scopes: []string{"notes.read"}, Version: "1"},
		passwordHash: hash,
		totpSecret:   []byte(secret),
	}
	return &users{hasher: hasher, now: now, byName: map[string]*user{"ada": ada}}, nil
}

func newServer(people *users) (*grpc.Server, error) {
	auth, err := authsvc.New(authsvc.Config{
		Issuer:       "https://notes.example",
		Audiences:    []string{"https://notes.example"},
		Secret:       []byte(cmp.Or(os.Getenv("NOTES_SECRET"), rand.Text()+rand.Text())),
		Store:        memory.New(memory.WithNow(people.now)),
		Authenticate: people.Authenticate,
		Load:         people.Load,
		Now:          people.now,
	})
	if err != nil {
		return nil, err
	}
	guard, err := interceptor.New(auth.Verifier(), interceptor.WithRevocations(auth.Revocations()), interceptor.WithPublicInfrastructure())
	if err != nil {
		return nil, err
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	auth.Register(srv)
	reflection.Register(srv)
	return srv, guard.Protect(srv)
}
