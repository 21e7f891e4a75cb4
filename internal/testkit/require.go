package testkit

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const (
	// requireEnv set to "all" turns a missing program into a failure.
	requireEnv = "GRPCAUTH_TEST_REQUIRE"
	// missingEnv names the file that gaps are appended to.
	missingEnv = "GRPCAUTH_TEST_MISSING"
)

// Require returns the path of a program: the one that `make tools` installed,
// else the one on PATH. Where there is none it ends the test: skipped, with a
// line in the file that GRPCAUTH_TEST_MISSING names, or failed when
// GRPCAUTH_TEST_REQUIRE is "all".
func Require(t testing.TB, program string) string {
	t.Helper()
	path, err := find(program)
	settle(t, program, err)
	return path
}

// settle ends a test that lacks something.
func settle(t testing.TB, program string, lack error) {
	t.Helper()
	// Both variables are read first, whatever comes out, because go test
	// keeps a result only while the variables that the test read stand.
	// `make test` names another file at every run, so a test that asks for a
	// program is never answered from the cache.
	strict, list := os.Getenv(requireEnv) == "all", os.Getenv(missingEnv)
	if lack == nil {
		return
	}
	if strict {
		t.Fatalf("%v; %s=all lets no test go without", lack, requireEnv)
	}
	if err := note(list, program, t.Name()); err != nil {
		t.Fatal(err)
	}
	t.Skip(lack)
}

func find(program string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	// The folders that `make tools` fills.
	for _, dir := range []string{".bin", ".bin/node/node_modules/.bin"} {
		if path, err := exec.LookPath(filepath.Join(root, dir, program)); err == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("%s is not here: run `make tools`, or install it: %w", program, err)
	}
	return path, nil
}

// note appends "program: package test" to the list. One short write in append
// mode keeps the lines of several test processes apart.
func note(list, program, test string) (err error) {
	if list == "" {
		return nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find the package of a test: %w", err)
	}
	root, err := Root()
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(root, dir); err == nil {
		dir = rel
	}
	file, err := os.OpenFile(list, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("note a missing program: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	_, err = fmt.Fprintf(file, "%s: ./%s %s\n", program, filepath.ToSlash(dir), test)
	return err
}
