package repo_test

import (
	"errors"
	"io/fs"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/internal/testkit"
)

var (
	target  = regexp.MustCompile(`(?m)^([a-z][a-z-]*):(.*)$`)
	command = regexp.MustCompile("(?m)(?:^|`)make ([a-z][a-z-]*)")
)

// targets are the Makefile's, in order.
func targets(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, m := range target.FindAllStringSubmatch(read(t, "Makefile"), -1) {
		names = append(names, m[1])
	}
	return names
}

func TestHelpListsEveryTarget(t *testing.T) {
	t.Parallel()
	makeProgram := testkit.Require(t, "make")
	testkit.Require(t, "awk") // make help is a line of it
	dir, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), makeProgram)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("make: %v\n%s", err, out)
	}
	for _, name := range targets(t) {
		line := regexp.MustCompile(`(?m)^  make ` + name + ` +\S.*$`)
		if !line.Match(out) {
			t.Errorf("make help says nothing of %s: give the target a ## text", name)
		}
		if phony := ".PHONY: " + name + "\n"; !strings.Contains(read(t, "Makefile"), phony) {
			t.Errorf("a file named %s would stop the target: declare it .PHONY", name)
		}
	}
}

// What the documents tell a reader to type exists.
func TestDocumentedCommandsExist(t *testing.T) {
	t.Parallel()
	names := targets(t)
	for _, doc := range []string{"README.md", "CONTRIBUTING.md"} {
		if _, err := root(t).Stat(doc); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		for _, m := range command.FindAllStringSubmatch(read(t, doc), -1) {
			if !slices.Contains(names, m[1]) {
				t.Errorf("%s says make %s, and there is no such target", doc, m[1])
			}
		}
	}
}
