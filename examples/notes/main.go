// Notes is a resource server of its own: it keeps notes for whoever shows an
// access token of the auth server, which it verifies with the auth server's
// public keys and without asking it about anybody. Where the keys are, the
// issuer's metadata says.
//
//	grpcauth user add ada --scope notes.read,notes.write
//	grpcauth serve --issuer http://127.0.0.1:8080 --audience https://notes.example
//	go run ./examples/notes -issuer http://127.0.0.1:8080 -audience https://notes.example
package main

import (
	"flag"
	"fmt"
	"log"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/examples/notesvc"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/token"
)

func main() {
	addr := flag.String("listen", "127.0.0.1:50052", "address to listen on")
	issuer := flag.String("issuer", "http://127.0.0.1:8080", "whose tokens to trust, as the auth server's --issuer: https, or http on this machine")
	audience := flag.String("audience", "https://notes.example", "who we are in those tokens, one of the auth server's --audience")
	jwksURL := flag.String("jwks-url", "", "where the issuer publishes its keys, when its metadata is not to be asked")
	flag.Parse()
	if err := serve(*addr, *issuer, *audience, *jwksURL); err != nil {
		log.Fatal(err)
	}
}

func serve(addr, issuer, audience, jwksURL string) error {
	where := token.RemoteKeysConfig{Issuer: issuer}
	if jwksURL != "" {
		where = token.RemoteKeysConfig{URL: jwksURL}
	}
	keys, err := token.NewRemoteKeys(where) // fetched when the first token comes
	if err != nil {
		return err
	}
	verifier, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{
		{Issuer: issuer, Audiences: []string{audience}, Keys: keys},
	}})
	if err != nil {
		return err
	}
	guard, err := interceptor.New(verifier, interceptor.WithPublicInfrastructure()) // health, reflection
	if err != nil {
		return err
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	notesv1.RegisterNotesServiceServer(srv, notesvc.New())
	healthv1.RegisterHealthServer(srv, health.NewServer())
	reflection.Register(srv) // shows every method to anybody: leave it out where that is a secret
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
