package testkit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// RequirePeers returns the path of Node.js, and the folder that its packages
// were installed into, those that internal/peers pins. Where one is missing,
// Node.js is too old for them, or they are those of another lock file, it does
// as [Require] does.
func RequirePeers(t testing.TB) (node, dir string) {
	t.Helper()
	node = Require(t, "node")
	settle(t, "node 20.19", newEnough(t.Context(), node))
	root, err := Root()
	if err == nil {
		dir = filepath.Join(root, ".bin", "peers")
		err = installed(filepath.Join(root, "internal", "peers"), dir)
	}
	settle(t, "npm packages", err)
	return node, dir
}

// newEnough asks Node.js for its version.
func newEnough(ctx context.Context, node string) error {
	out, err := exec.CommandContext(ctx, node, "--version").Output()
	if err != nil {
		return fmt.Errorf("ask node for its version: %w", err)
	}
	return checkVersion(string(out))
}

func checkVersion(text string) error {
	var major, minor int
	if _, err := fmt.Sscanf(text, "v%d.%d.", &major, &minor); err != nil {
		return fmt.Errorf("the version of node is %.40q: %w", text, err)
	}
	if major < 20 || major == 20 && minor < 19 {
		return fmt.Errorf("node is v%d.%d: install Node.js 20.19 or newer", major, minor)
	}
	return nil
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
