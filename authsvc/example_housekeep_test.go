package authsvc_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
)

// Housekeep ends before the Store is closed.
func ExampleService_Housekeep() {
	sessions := memory.New()
	auth, err := authsvc.New(authsvc.Config{
		Issuer:    "https://auth.example",
		Audiences: []string{"notes"},
		Secret:    []byte("32 random bytes, kept in a secret"),
		Store:     sessions,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, end := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { auth.Housekeep(ctx) })

	// Serve here, until the server is to end.

	end()
	running.Wait()
	fmt.Println(sessions.Close())
	// Output: <nil>
}
