package authclient_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/examples/notesvc"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/token"
)

// exampleSecret is of the client "reporter". A real one is random.
const exampleSecret = "gcs_the-secret-of-the-reporter"

// exampleServer serves what the examples call, on loopback.
func exampleServer() (address string, stop func()) {
	srv, err := newExampleServer()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go func() { _ = srv.Serve(listener) }()
	return listener.Addr().String(), srv.Stop
}

func newExampleServer() (*grpc.Server, error) {
	sessions := memory.New()
	sum := sha256.Sum256([]byte(exampleSecret))
	reporter := store.Client{ID: "reporter", Service: true, Scopes: []string{"notes.read"}, Secrets: []store.ClientSecret{{ID: "1", Hash: sum[:]}}}
	if err := sessions.AddClient(context.Background(), reporter); err != nil {
		return nil, err
	}
	auth, err := authsvc.New(authsvc.Config{
		Issuer: "https://auth.example", Audiences: []string{"https://notes.example"},
		Secret: []byte("32 random bytes, kept in a secret"), Store: sessions,
		Authenticate: exampleAuthenticate, Load: exampleLoad,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	verifier, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{auth.TrustedIssuer()}})
	if err != nil {
		return nil, err
	}
	guard, err := interceptor.New(verifier)
	if err != nil {
		return nil, err
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	auth.Register(srv)
	notesv1.RegisterNotesServiceServer(srv, notesvc.New())
	return srv, guard.Protect(srv)
}

// exampleAuthenticate knows ada by a password, and grace by that and a code.
func exampleAuthenticate(ctx context.Context, c authsvc.Credentials) (authsvc.Identity, error) {
	switch {
	case c.Challenge != nil && c.Challenge.Response == "287082":
		return exampleLoad(ctx, string(c.Challenge.State))
	case c.Username == "ada" && c.Password == "analytical engine":
		return exampleLoad(ctx, "u-1815")
	case c.Username == "grace" && c.Password == "nanosecond":
		grace, _ := exampleLoad(ctx, "u-1906")
		return grace, &authsvc.ChallengeError{Method: "totp", State: []byte(grace.Subject)}
	}
	return authsvc.Identity{}, authsvc.ErrInvalidCredentials
}

func exampleLoad(_ context.Context, subject string) (authsvc.Identity, error) {
	name, known := map[string]string{"u-1815": "ada", "u-1906": "grace"}[subject]
	if !known {
		return authsvc.Identity{}, authsvc.ErrGone
	}
	return authsvc.Identity{Subject: subject, Username: name, Scopes: []string{"notes.read", "notes.write"}}, nil
}

// exampleAuthConn is a connection to the AuthService of such a server.
func exampleAuthConn() (conn *grpc.ClientConn, stop func()) {
	address, stopServer := exampleServer()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return conn, func() {
		_ = conn.Close()
		stopServer()
	}
}
