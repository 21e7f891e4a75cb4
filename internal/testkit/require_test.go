package testkit_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/internal/testkit"
)

// childEnv names the program that the test TestChild asks for. The tests
// below run it in a process of its own, where skipping and failing are real.
const childEnv = "GRPCAUTH_TESTKIT_CHILD"

func TestChild(t *testing.T) {
	program := os.Getenv(childEnv)
	if program == "" {
		return // nobody asked: the test is for the processes below
	}
	t.Logf("found at %s", testkit.Require(t, program))
}

// runChild runs TestChild with an environment and returns what it printed and
// whether it passed.
func runChild(t *testing.T, program string, env ...string) (output string, passed bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.v")
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, "GRPCAUTH_")
	}), append(env, childEnv+"="+program)...)
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

const absent = "no-such-program-anywhere"

func TestMissingProgramSkipsAndIsNoted(t *testing.T) {
	t.Parallel()
	list := filepath.Join(t.TempDir(), "missing")
	for range 2 {
		out, passed := runChild(t, absent, "GRPCAUTH_TEST_MISSING="+list)
		if !passed || !strings.Contains(out, "--- SKIP: TestChild") || !strings.Contains(out, "make tools") {
			t.Fatalf("passed = %t, printed\n%s", passed, out)
		}
	}
	got, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	line := absent + ": ./internal/testkit TestChild\n"
	if string(got) != line+line {
		t.Errorf("noted %q", got)
	}
}

func TestMissingProgramSkipsWithoutAList(t *testing.T) {
	t.Parallel()
	out, passed := runChild(t, absent)
	if !passed || !strings.Contains(out, "--- SKIP: TestChild") {
		t.Errorf("passed = %t, printed\n%s", passed, out)
	}
}

func TestMissingProgramFailsWhenAllAreRequired(t *testing.T) {
	t.Parallel()
	list := filepath.Join(t.TempDir(), "missing")
	out, passed := runChild(t, absent, "GRPCAUTH_TEST_REQUIRE=all", "GRPCAUTH_TEST_MISSING="+list)
	if passed || !strings.Contains(out, "--- FAIL: TestChild") || !strings.Contains(out, absent+" is not here") {
		t.Errorf("passed = %t, printed\n%s", passed, out)
	}
	if _, err := os.Stat(list); err == nil {
		t.Error("a failure was noted as a gap")
	}
}

func TestAListThatCannotBeWrittenFails(t *testing.T) {
	t.Parallel()
	out, passed := runChild(t, absent, "GRPCAUTH_TEST_MISSING="+filepath.Join(t.TempDir(), "no", "such", "folder"))
	if passed || !strings.Contains(out, "note a missing program") {
		t.Errorf("passed = %t, printed\n%s", passed, out)
	}
}

func TestProgramOnPathIsFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "a-program-of-ours")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	out, passed := runChild(t, "a-program-of-ours", "PATH="+dir)
	if !passed || !strings.Contains(out, "found at "+program) {
		t.Errorf("passed = %t, printed\n%s", passed, out)
	}
}

func TestRoot(t *testing.T) {
	t.Parallel()
	root, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "internal", "testkit", "require.go")); err != nil {
		t.Error(err)
	}
}
