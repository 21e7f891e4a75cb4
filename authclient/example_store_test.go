package authclient_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// A command line tool logs in once; its next runs go on with the session.
func ExampleResume() {
	authConn, stop := exampleAuthConn()
	defer stop()
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example") // os.UserConfigDir, in a real one
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	for range 2 {
		tokens, err := authclient.NewFileStore(filepath.Join(dir, "session.json"))
		if err != nil {
			fmt.Println(err)
			return
		}
		session, err := authclient.Resume(ctx, authConn, tokens)
		if errors.Is(err, authclient.ErrNoSession) || errors.Is(err, authclient.ErrSessionEnded) {
			fmt.Println("logging in")
			session, err = authclient.Login(ctx, authConn, "ada", "analytical engine", authclient.WithStore(tokens))
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = session.Token(ctx)
		fmt.Println("token:", err)
		session.Close()
	}
	// Output:
	// logging in
	// token: <nil>
	// token: <nil>
}

// keychain is a TokenStore of one's own, for one program. What Save is given
// must be kept as passwords are.
type keychain struct {
	lock  chan struct{}
	saved authclient.Saved // a real one is not in memory
}

func (k *keychain) Lock(ctx context.Context) (unlock func(), err error) {
	select {
	case k.lock <- struct{}{}:
		return func() { <-k.lock }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (k *keychain) Load(context.Context) (authclient.Saved, error) { return k.saved, nil }

func (k *keychain) Save(_ context.Context, s authclient.Saved) error {
	k.saved = s
	return nil
}

// What is saved is safe to print.
func ExampleTokenStore() {
	authConn, stop := exampleAuthConn()
	defer stop()
	ctx := context.Background()
	chain := &keychain{lock: make(chan struct{}, 1)}
	session, err := authclient.Login(ctx, authConn, "ada", "analytical engine", authclient.WithStore(chain))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(chain.saved.RefreshToken != "", fmt.Sprint(chain.saved) == "authclient.Saved{session="+chain.saved.SessionID+"}")
	err = session.Logout(ctx)
	fmt.Println(err, chain.saved == authclient.Saved{})
	// Output:
	// true true
	// <nil> true
}

// A method that wants a password given lately says so; no renewal helps.
func ExampleSession_Reauthenticate() {
	authConn, stop := exampleAuthConn()
	defer stop()
	ctx := context.Background()
	session, err := authclient.Login(ctx, authConn, "ada", "analytical engine")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()

	err = session.Reauthenticate(ctx, "difference engine")
	fmt.Println(authclient.Reason(err) == grpcauthv1.Reason_REASON_INVALID_CREDENTIALS)
	err = session.Reauthenticate(ctx, "analytical engine")
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

// A service that calls others in its own name.
func ExampleNewClientCredentials() {
	authConn, stop := exampleAuthConn()
	defer stop()
	reporter, err := authclient.NewClientCredentials(authConn, "reporter", authclient.ClientSecret(exampleSecret),
		authclient.WithScopes("notes.read"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer reporter.Close()

	// At the start, so that a wrong secret is found out here. Connections are
	// made with reporter.DialOptions, as with a session's.
	_, err = reporter.Token(context.Background())
	fmt.Println(reporter, err)
	// Output: authclient.ClientCredentials{redacted} <nil>
}

// With a key, the server holds nothing that could be stolen from it.
func ExamplePrivateKeyJWT() {
	key, err := token.GenerateKey(token.EdDSA) // once; token.ParseSigningJWK reads it from then on
	if err != nil {
		fmt.Println(err)
		return
	}
	authConn, stop := exampleAuthConn()
	defer stop()
	reporter, err := authclient.NewClientCredentials(authConn, "reporter", authclient.PrivateKeyJWT("https://auth.example", key))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer reporter.Close()
	_, err = reporter.Token(context.Background())
	fmt.Println(authclient.Reason(err)) // nobody has told the server of the new key
	// Output: REASON_INVALID_CLIENT
}
