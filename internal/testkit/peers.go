package testkit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// RequirePeers returns the path of Node.js, and the folder that its packages
// were installed into, those that internal/peers pins. Where one is missing,
// or the packages are those of another lock file, it does as [Require] does.
func RequirePeers(t testing.TB) (node, dir string) {
	t.Helper()
	node = Require(t, "node")
	root, err := Root()
	if err == nil {
		dir = filepath.Join(root, ".bin", "peers")
		err = installed(filepath.Join(root, "internal", "peers"), dir)
	}
	settle(t, "npm packages", err)
	return node, dir
}

// installed compares the lock file in pins with the one that was installed.
func installed(pins, dir string) error {
	want, err := os.ReadFile(filepath.Join(pins, "package-lock.json"))
	if err != nil {
		return fmt.Errorf("read what is pinned: %w", err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "installed.json"))
	if err != nil {
		return fmt.Errorf("the npm packages of internal/peers are not here: run `make tools`: %w", err)
	}
	if !bytes.Equal(got, want) {
		return errors.New("the npm packages of internal/peers are of other versions: run `make tools`")
	}
	return nil
}
