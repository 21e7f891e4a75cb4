package authsvc_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
)

// The users are the application's own: here, one of them.
func ExampleNew() {
	ada := authsvc.Identity{Subject: "u-1815", Username: "ada", Scopes: []string{"notes.read", "notes.write"}}

	auth, err := authsvc.New(authsvc.Config{
		Issuer:    "https://auth.example",
		Audiences: []string{"notes"},
		Secret:    []byte("32 random bytes, kept in a secret"),
		Store:     memory.New(),
		Authenticate: func(_ context.Context, c authsvc.Credentials) (authsvc.Identity, error) {
			if c.Username == "ada" && c.Password == "analytical engine" {
				return ada, nil
			}
			return authsvc.Identity{}, authsvc.ErrInvalidCredentials
		},
		Load: func(_ context.Context, subject string) (authsvc.Identity, error) {
			if subject == ada.Subject {
				return ada, nil
			}
			return authsvc.Identity{}, authsvc.ErrGone
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, stop := serve(auth)
	defer stop()
	ctx := context.Background()

	_, err = client.Login(ctx, &grpcauthv1.LoginRequest{Username: "ada", Password: "difference engine"})
	fmt.Println(status.Convert(err).Message())

	login, err := client.Login(ctx, &grpcauthv1.LoginRequest{Username: "ada", Password: "analytical engine"})
	if err != nil {
		fmt.Println(err)
		return
	}
	tokens := login.GetTokens()
	fmt.Println(tokens.GetTokenType(), tokens.GetScopes(), tokens.GetExpiresIn().AsDuration())

	renewed, err := client.Refresh(ctx, &grpcauthv1.RefreshRequest{RefreshToken: tokens.GetRefreshToken()})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(renewed.GetTokens().GetSessionId() == tokens.GetSessionId())
	// Output:
	// the user name, the password or the second factor is wrong
	// Bearer [notes.read notes.write] 15m0s
	// true
}

// Without Authenticate and Load, the users are those of the Store.
func ExampleNew_builtInUsers() {
	ctx := context.Background()
	users := memory.New()
	if err := addUser(ctx, users, "ada", "analytical engine"); err != nil {
		fmt.Println(err)
		return
	}
	auth, err := authsvc.New(authsvc.Config{
		Issuer:    "https://auth.example",
		Audiences: []string{"notes"},
		Secret:    []byte("32 random bytes, kept in a secret"),
		Store:     users,
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, stop := serve(auth)
	defer stop()

	login, err := client.Login(ctx, &grpcauthv1.LoginRequest{Username: "ada", Password: "analytical engine"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(login.GetTokens().GetScopes())
	// Output: [notes.read]
}

func addUser(ctx context.Context, users store.Users, name, secret string) error {
	hasher, err := password.NewHasher(password.Config{})
	if err != nil {
		return err
	}
	hash, err := hasher.Hash(ctx, secret)
	if err != nil {
		return err
	}
	return users.AddUser(ctx, store.User{Subject: "u-1815", Username: name, PasswordHash: hash, Scopes: []string{"notes.read"}})
}

// serve starts a guarded server with the AuthService on it.
func serve(auth *authsvc.Service) (client grpcauthv1.AuthServiceClient, stop func()) {
	guard := must(interceptor.New(auth.Verifier()))
	srv := grpc.NewServer(guard.ServerOptions()...)
	auth.Register(srv)
	if err := guard.Protect(srv); err != nil {
		panic(err)
	}
	listener := bufconn.Listen(1 << 16)
	go func() { _ = srv.Serve(listener) }() // ends with stop
	conn := must(grpc.NewClient("passthrough:///bufconn",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) })))
	return grpcauthv1.NewAuthServiceClient(conn), func() {
		_ = conn.Close()
		srv.Stop()
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
