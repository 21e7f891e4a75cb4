package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for a program before it fails.
const patience = time.Minute

// binaries is the folder that this repository's programs were built into.
type binaries string

func buildAll(t *testing.T) binaries {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", dir+string(filepath.Separator),
		"github.com/grpcauth/grpcauth/cmd/grpcauth", "github.com/grpcauth/grpcauth/examples/notes")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binaries(dir)
}

// program is a program that runs as a process of its own. It ends with the
// test at the latest.
type program struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout transcript
	stderr transcript
	ended  chan struct{}
}

// start runs a program with no more environment than it is given.
func (b binaries) start(t *testing.T, stdin string, environ []string, name string, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, filepath.Join(string(b), name), args...)
	p := &program{t: t, cmd: cmd, ended: make(chan struct{})}
	cmd.Env = append([]string{}, environ...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &p.stdout, &p.stderr
	cmd.WaitDelay = 5 * time.Second
	dieWithTest(cmd)
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = cmd.Wait() // what it ended with is in cmd.ProcessState
	}()
	t.Cleanup(func() {
		cancel() // kills it, if it still runs
		<-p.ended
	})
	return p
}

// run runs a program to its end.
func (b binaries) run(t *testing.T, stdin, name string, args ...string) outcome {
	t.Helper()
	p := b.start(t, stdin, nil, name, args...)
	return outcome{p.wait(), p.stdout.String(), p.stderr.String()}
}

func (p *program) signal(sig os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

// wait waits for the end and gives the exit code, or -1 when a signal ended
// it.
func (p *program) wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("it did not end:\n%s", p.stderr.String())
		return 0
	}
}

// terminate asks the program to end and waits until it has.
func (p *program) terminate() int {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	return p.wait()
}

// line waits for the first line of a transcript that holds the text.
func (p *program) line(in *transcript, text string) string {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		line, grown := in.find(text)
		if line != "" {
			return line
		}
		select {
		case <-grown:
		case <-p.ended:
			if line, _ := in.find(text); line != "" {
				return line
			}
			p.t.Fatalf("it ended without %q:\n%s%s", text, p.stdout.String(), p.stderr.String())
		case <-deadline:
			p.t.Fatalf("no %q:\n%s%s", text, p.stdout.String(), p.stderr.String())
		}
	}
}

// transcript is what a program wrote.
type transcript struct {
	mu    sync.Mutex
	text  strings.Builder
	grown chan struct{} // closed when more is written
}

func (w *transcript) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.grown != nil {
		close(w.grown)
		w.grown = nil
	}
	return w.text.Write(text)
}

func (w *transcript) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// find gives the first whole line that holds the text, or what tells that
// there is more to look at.
func (w *transcript) find(text string) (line string, grown <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for line := range strings.Lines(w.text.String()) {
		if strings.HasSuffix(line, "\n") && strings.Contains(line, text) {
			return line, nil
		}
	}
	if w.grown == nil {
		w.grown = make(chan struct{})
	}
	return "", w.grown
}
