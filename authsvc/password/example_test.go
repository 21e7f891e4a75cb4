package password_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"

	"github.com/grpcauth/grpcauth/authsvc/password"
)

func Example() {
	ctx := context.Background()
	hasher, err := password.NewHasher(password.Config{})
	if err != nil {
		panic(err)
	}

	encoded, err := hasher.Hash(ctx, "correct horse battery staple")
	if err != nil {
		panic(err)
	}
	fmt.Println(encoded[:31])

	ok, rehash, err := hasher.Verify(ctx, encoded, "correct horse battery staple")
	fmt.Println(ok, rehash, err)
	ok, _, err = hasher.Verify(ctx, encoded, "Correct horse battery staple")
	fmt.Println(ok, err)
	// Output:
	// $argon2id$v=19$m=19456,t=2,p=1$
	// true false <nil>
	// false <nil>
}

func ExampleHasher_VerifyNone() {
	hasher, err := password.NewHasher(password.Config{})
	if err != nil {
		panic(err)
	}
	// Nobody has this name. The answer still takes as long as a wrong
	// password does, and is the same.
	err = hasher.VerifyNone(context.Background(), "whatever was typed")
	fmt.Println("refused, error:", err)
	// Output: refused, error: <nil>
}

func ExampleCheck() {
	fmt.Println(password.Check("tr0ub4d"))
	fmt.Println(errors.Is(password.Check("Password123"), password.ErrCommon))
	fmt.Println(password.Check("correct horse battery staple"))
	// Output:
	// password: use at least 8 characters
	// true
	// <nil>
}

// A user who comes from another system, with the hash they had there.
func ExampleHasher_Verify_imported() {
	hasher, err := password.NewHasher(password.Config{})
	if err != nil {
		panic(err)
	}
	const fromDjango = "pbkdf2_sha256$20000$seasalt$oBSd886ysm3AqYun62DOdin8YcfbU1z9cksZSuLP9r0="
	ok, rehash, err := hasher.Verify(context.Background(), fromDjango, "lètmein")
	fmt.Println("right:", ok, "replace it:", rehash, "error:", err)
	// Output: right: true replace it: true error: <nil>
}

func ExampleWithOrigin() {
	hasher, err := password.NewHasher(password.Config{})
	if err != nil {
		panic(err)
	}
	// In a handler the address is that of the peer.
	caller := netip.MustParseAddr("203.0.113.7")
	ctx := password.WithOrigin(context.Background(), netip.PrefixFrom(caller, 24))
	err = hasher.VerifyNone(ctx, "whatever was typed")
	fmt.Println("busy:", errors.Is(err, password.ErrBusy))
	// Output: busy: false
}

// The program starts itself again to compute hashes. In the server that is all
// there is to it.
func ExampleStartProcess() {
	// First thing in main:
	if slices.Equal(os.Args[1:], []string{"hash-passwords"}) {
		if err := password.ServeProcess(); err != nil {
			panic(err)
		}
		return
	}

	process, err := password.StartProcess(nil, "hash-passwords")
	if err != nil {
		panic(err)
	}
	defer process.Close()
	hasher, err := password.NewHasher(password.Config{Process: process})
	if err != nil {
		panic(err)
	}
	encoded, err := hasher.Hash(context.Background(), "correct horse battery staple")
	fmt.Println(encoded[:31], err)
	// Output: $argon2id$v=19$m=19456,t=2,p=1$ <nil>
}
