package authsvc_test

import (
	"context"
	"fmt"
	"log/slog"

	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// A code by mail, as a second factor. What was sent comes back with the answer,
// and the client can't read it.
func ExampleChallengeError() {
	ada := authsvc.Identity{Subject: "u-1815", Username: "ada", Scopes: []string{"notes.read"}, Version: "1"}
	sendMail := func(code string) { fmt.Println("mail to ada:", code) }

	authenticate := func(_ context.Context, c authsvc.Credentials) (authsvc.Identity, error) {
		switch {
		case c.Challenge == nil && c.Username == "ada" && c.Password == "analytical engine":
			sendMail("4217")
			return ada, &authsvc.ChallengeError{Method: "mail", State: []byte("4217")}
		case c.Challenge != nil && c.Challenge.Response == string(c.Challenge.State):
			return ada, nil
		}
		return authsvc.Identity{}, authsvc.ErrInvalidCredentials
	}
	auth, err := authsvc.New(authsvc.Config{
		Issuer:       "https://auth.example",
		Audiences:    []string{"notes"},
		Secret:       []byte("32 random bytes, kept in a secret"),
		Store:        memory.New(),
		Authenticate: authenticate,
		Load:         func(context.Context, string) (authsvc.Identity, error) { return ada, nil },
		Logger:       slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, stop := serve(auth)
	defer stop()
	ctx := context.Background()

	login, err := client.Login(ctx, &grpcauthv1.LoginRequest{Username: "ada", Password: "analytical engine"})
	if err != nil {
		fmt.Println(err)
		return
	}
	asked := login.GetChallenge()
	fmt.Println("asked for:", asked.GetMethod())
	for _, code := range []string{"1234", "4217", "4217"} {
		login, err = client.Login(ctx, &grpcauthv1.LoginRequest{
			ChallengeAnswer: &grpcauthv1.ChallengeAnswer{Token: asked.GetToken(), Response: code},
		})
		fmt.Println(status.Code(err), login.GetTokens().GetScopes())
	}
	// Output:
	// mail to ada: 4217
	// asked for: mail
	// Unauthenticated []
	// OK [notes.read]
	// Unauthenticated []
}
