package testkit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// Root is the folder of the repository: the nearest one above the test's with
// the go.mod of the module, so that it is found from bench/ too, which is a
// module of its own.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module github.com/grpcauth/grpcauth\n") {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod of github.com/grpcauth/grpcauth above the working directory")
		}
		dir = parent
	}
}
