package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// logFile is where the quickstart's log goes, out of the tour's way.
var logFile = filepath.Join(".bin", "quickstart.log")

// process is the quickstart, running.
type process struct {
	addr   string
	cancel context.CancelFunc
	done   chan struct{}
	err    error // how it ended, once done
}

// startQuickstart builds the quickstart and starts it on a free port of this
// machine, with the users of a store.
func startQuickstart(ctx context.Context, store string) (*process, error) {
	fmt.Println("Building the quickstart ...")
	binary := filepath.Join(".bin", "quickstart")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./examples/quickstart").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build ./examples/quickstart (run the tour from the repository's folder): %w\n%s", err, out)
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, binary, "-addr", "127.0.0.1:0", "-store", store)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	log, err := os.Create(logFile)
	if err != nil {
		cancel()
		return nil, err
	}
	defer log.Close() // the child has its own
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "serving on ")
	if !ok {
		cancel()
		return nil, fmt.Errorf("the quickstart did not start (its log is %s): %q: %w", logFile, line, err)
	}
	p := &process{addr: addr, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		p.err = cmd.Wait()
	}()
	return p, nil
}

// stop ends the quickstart and waits for it.
func (p *process) stop() {
	p.cancel()
	<-p.done
}
