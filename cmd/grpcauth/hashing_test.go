package main

import (
	"os"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/password"
)

// TestMain lets the test binary be the process in which a server that a test
// runs computes its hashes.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == hashPasswords {
		if err := password.ServeProcess(); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
