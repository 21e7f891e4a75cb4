package authsvc_test

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	"github.com/grpcauth/grpcauth/interceptor"
)

// A service of the Store, with a secret that works for ninety days.
func ExampleNewClientSecret() {
	now := time.Now()
	secret, kept := authsvc.NewClientSecret(now, now.AddDate(0, 0, 90))
	crawler := store.Client{
		ID: "crawler", Service: true, Secrets: []store.ClientSecret{kept},
		Scopes: []string{"notes.read"}, CreatedAt: now,
	}
	if err := authsvc.CheckClient(crawler, now); err != nil {
		fmt.Println(err)
		return
	}
	if err := memory.New().AddClient(context.Background(), crawler); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("give it", secret[:4]+"...", "and keep", len(kept.Hash), "bytes")
	// Output: give it gcs_... and keep 32 bytes
}

func ExampleCheckClient() {
	err := authsvc.CheckClient(store.Client{ID: "web", Users: true, JWKS: []byte(`{"keys":[]}`)}, time.Now())
	fmt.Println(err)
	// Output: a client that logs users in is public, as a login takes no proof of the client: leave out its secrets and keys
}

func ExampleStandingSecrets() {
	now := time.Now()
	_, old := authsvc.NewClientSecret(now, now.Add(time.Hour))
	_, next := authsvc.NewClientSecret(now, time.Time{})
	crawler := store.Client{ID: "crawler", Service: true, Secrets: []store.ClientSecret{old, next}}
	fmt.Println(len(authsvc.StandingSecrets(crawler, now)), len(authsvc.StandingSecrets(crawler, now.Add(time.Hour))))
	// Output: 2 1
}

// A guard beside the service asks the Store at every call, so that a token
// whose session has ended is refused at once.
func ExampleService_Revocations() {
	auth, err := authsvc.New(authsvc.Config{
		Issuer:    "https://auth.example",
		Audiences: []string{"notes"},
		Secret:    []byte("thirty-two bytes, random in earnest"),
		Store:     memory.New(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	guard, err := interceptor.New(auth.Verifier(), interceptor.WithRevocations(auth.Revocations()))
	if err != nil {
		fmt.Println(err)
		return
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	auth.Register(srv)
	fmt.Println(guard.Protect(srv))
	// Output: <nil>
}
