package peers_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/internal/testkit"
)

// patience is how long a test waits for a state before it fails.
const patience = time.Minute

// command is a program that can be ended, and ends with the test at the latest.
func command(t *testing.T, path string, args ...string) (*exec.Cmd, context.CancelFunc) {
	t.Helper()
	ctx, kill := context.WithCancel(t.Context())
	t.Cleanup(kill)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = 5 * time.Second
	dieWithTest(cmd)
	return cmd, kill
}

// script is a script of this folder, run by Node.js where its packages are.
func script(t *testing.T, name string) (*exec.Cmd, context.CancelFunc) {
	t.Helper()
	node, dir := testkit.RequirePeers(t)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	cmd, kill := command(t, node, "--input-type=module", "--eval", string(text))
	cmd.Dir = dir
	return cmd, kill
}

// serve starts a program and waits until it has printed a line that holds the
// text. Calling stop kills it and waits for its end.
func serve(t *testing.T, cmd *exec.Cmd, kill context.CancelFunc, text string) (line string, stop func()) {
	t.Helper()
	out := &transcript{want: text, found: make(chan string, 1)}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // it serves until it is killed
	}()
	stop = func() {
		kill()
		<-ended
	}
	t.Cleanup(stop)
	select {
	case line = <-out.found:
	case <-ended:
		t.Fatalf("it ended without %q:\n%s", text, out)
	case <-time.After(patience):
		t.Fatalf("no %q:\n%s", text, out)
	}
	return line, stop
}

// transcript is what a program printed. It hands over the first whole line
// that holds what is wanted.
type transcript struct {
	want  string
	found chan string // has room for the one line

	mu   sync.Mutex
	text strings.Builder
	done bool
}

func (w *transcript) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(text)
	for line := range strings.Lines(w.text.String()) {
		if !w.done && strings.HasSuffix(line, "\n") && strings.Contains(line, w.want) {
			w.found <- line
			w.done = true
		}
	}
	return len(text), nil
}

func (w *transcript) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	again, deadline := time.NewTicker(20*time.Millisecond), time.After(patience)
	defer again.Stop()
	for !ask() {
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("it never came to this: %s", what)
		}
	}
}
