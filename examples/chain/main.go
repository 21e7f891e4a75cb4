// Chain has a Guard in the chains of go-grpc-middleware v2: with recovery,
// logging to slog, selector and realip, in the order that works. It starts a
// server, calls it in a few ways, and prints what the server logs:
//
//	go run ./examples/chain
//
// chain.go is the part to take with you.
package main

import (
	"context"
	"log"
	"log/slog"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/examples/notesvc"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/token"
)

func main() {
	if err := run(context.Background(), slog.New(slog.NewTextHandler(os.Stdout, nil))); err != nil {
		log.Fatal(err)
	}
}

// run serves, makes the calls, and stops.
func run(ctx context.Context, logger *slog.Logger) error {
	issuer, verifier, err := newIssuer()
	if err != nil {
		return err
	}
	srv, err := newServer(verifier, logger)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	err = calls(ctx, listener.Addr().String(), issuer)
	srv.GracefulStop()
	if served := <-served; err == nil {
		err = served
	}
	return err
}

// newServer is the server with both chains.
func newServer(verifier *token.Verifier, logger *slog.Logger) (*grpc.Server, error) {
	guard, err := interceptor.New(verifier, interceptor.WithPublicInfrastructure(), interceptor.WithObserver(caller))
	if err != nil {
		return nil, err
	}
	srv := grpc.NewServer(chains(guard, logger)...)
	notesv1.RegisterNotesServiceServer(srv, unfinished{notesvc.New()})
	healthv1.RegisterHealthServer(srv, health.NewServer())
	if err := guard.Protect(srv); err != nil {
		return nil, err // a method without a rule is never served
	}
	return srv, nil
}

// unfinished is the notes with a handler that panics.
type unfinished struct{ *notesvc.Notes }

func (unfinished) PurgeNotes(context.Context, *notesv1.PurgeNotesRequest) (*notesv1.PurgeNotesResponse, error) {
	panic("not written yet")
}

// newIssuer stands for your auth server, and trusts it.
func newIssuer() (*token.Issuer, *token.Verifier, error) {
	const name, audience = "https://auth.example", "https://notes.example"
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		return nil, nil, err
	}
	keys, err := token.NewStaticKeys(key.Public())
	if err != nil {
		return nil, nil, err
	}
	verifier, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{{Issuer: name, Audiences: []string{audience}, Keys: keys}}})
	if err != nil {
		return nil, nil, err
	}
	issuer, err := token.NewIssuer(token.IssuerConfig{Issuer: name, Audience: []string{audience}, Key: key})
	return issuer, verifier, err
}

// calls are those that the log shows. What they answer is in the log as well.
func calls(ctx context.Context, addr string, issuer *token.Issuer) error {
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials())) // on this machine
	if err != nil {
		return err
	}
	defer conn.Close()
	ada, _, err := issuer.Issue(ctx, token.Spec{
		Subject: "ada", ClientID: "web", Scopes: []string{"notes.read", "notes.admin"}, Roles: []string{"admin"},
	})
	if err != nil {
		return err
	}
	asAda := metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+ada)
	notes := notesv1.NewNotesServiceClient(conn)

	_, _ = notes.ListNotes(asAda, &notesv1.ListNotesRequest{})                       // let in
	_, _ = notes.CreateNote(asAda, &notesv1.CreateNoteRequest{})                     // lacks a scope
	_, _ = notes.ListNotes(ctx, &notesv1.ListNotesRequest{})                         // without a token
	_, _ = notes.PurgeNotes(asAda, &notesv1.PurgeNotesRequest{})                     // panics
	_, _ = healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{}) // not worth a line
	return stream(asAda, notes)
}

// stream is refused like any other call, when it begins.
func stream(ctx context.Context, notes notesv1.NotesServiceClient) error {
	sync, err := notes.SyncNotes(ctx)
	if err != nil {
		return err
	}
	_, _ = sync.Recv() // lacks a scope
	return nil
}
