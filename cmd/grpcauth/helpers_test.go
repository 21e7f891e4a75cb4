package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// outcome is what a run of the program left behind.
type outcome struct {
	code           int
	stdout, stderr string
}

// runWith runs the program inside the test.
func runWith(t *testing.T, stdin string, environ []string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	p := &process{stdin: strings.NewReader(stdin), stdout: &stdout, stderr: &stderr, environ: environ}
	code := p.run(t.Context(), args)
	return outcome{code, stdout.String(), stderr.String()}
}

// parse reads a command line and gives the flags of serve.
func parse(t *testing.T, environ []string, args ...string) (*serveCmd, error) {
	t.Helper()
	var commands cli
	p := &process{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, environ: environ}
	parser, err := newParser(t.Context(), p, &commands, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return &commands.Serve, err
}

// write makes a file in the test's folder and gives its path.
func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
	return path
}

// identity is the flags that serve can't do without.
func identity(more ...string) []string {
	return append([]string{"serve", "--issuer", "https://auth.test", "--audience", "https://notes.test"}, more...)
}
