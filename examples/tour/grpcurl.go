package main

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// grpcurlBuild is grpcurl being built in the background, from the version
// that the repository pins.
type grpcurlBuild struct {
	cancel context.CancelFunc
	lines  atomic.Int64
	last   atomic.Value // string: the newest line of output
	done   chan struct{}
	err    error // once done
}

func buildGrpcurl(ctx context.Context) *grpcurlBuild {
	ctx, cancel := context.WithCancel(ctx)
	b := &grpcurlBuild{cancel: cancel, done: make(chan struct{})}
	cmd := exec.CommandContext(ctx, "make", "--no-print-directory", ".bin/grpcurl")
	out, err := cmd.StdoutPipe()
	if err == nil {
		cmd.Stderr = cmd.Stdout
		err = cmd.Start()
	}
	if err != nil {
		b.err = err
		close(b.done)
		return b
	}
	go func() {
		defer close(b.done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			b.lines.Add(1)
			b.last.Store(lines.Text())
		}
		b.err = cmd.Wait()
	}()
	return b
}

// stop gives up a build that is not finished, and waits for it.
func (b *grpcurlBuild) stop() {
	b.cancel()
	<-b.done
}

// wait shows how far the build is until it is done.
func (b *grpcurlBuild) wait() error {
	tick := time.NewTicker(3 * time.Second)
	defer tick.Stop()
	for start := time.Now(); ; {
		select {
		case <-b.done:
			if b.err != nil {
				last, _ := b.last.Load().(string)
				return fmt.Errorf("make .bin/grpcurl: %w: %s", b.err, last)
			}
			return nil
		case <-tick.C:
			last, _ := b.last.Load().(string)
			fmt.Printf("      building grpcurl, %d s so far: %s\n", int(time.Since(start).Seconds()), last)
		}
	}
}

func (t *tour) grpcurl(build *grpcurlBuild) {
	if err := build.wait(); err != nil {
		t.step("build grpcurl", "OK", func(context.Context) string { return err.Error() })
		return
	}
	var raw string
	t.step("grpcurl: log in", "OK", func(ctx context.Context) string {
		out, err := t.runGrpcurl(ctx, "-d", loginJSON, "grpcauth.v1.AuthService/Login")
		_, rest, found := strings.Cut(out, `"accessToken": "`)
		raw, _, _ = strings.Cut(rest, `"`)
		return orOutput(err == nil && found, out)
	})
	t.step("grpcurl: keep a note", "OK", func(ctx context.Context) string {
		out, err := t.runGrpcurl(ctx, "-H", "authorization: Bearer "+raw, "-d", noteJSON, "notes.v1.NotesService/CreateNote")
		return orOutput(err == nil && strings.Contains(out, "buy milk"), out)
	})
	t.step("grpcurl: keep a note without a token", "Unauthenticated TOKEN_MISSING", func(ctx context.Context) string {
		out, _ := t.runGrpcurl(ctx, "-d", noteJSON, "notes.v1.NotesService/CreateNote")
		if strings.Contains(out, "Code: Unauthenticated") && strings.Contains(out, "TOKEN_MISSING") {
			return "Unauthenticated TOKEN_MISSING"
		}
		return out
	})
}

const (
	loginJSON = `{"username":"` + username + `","password":"` + password + `"}`
	noteJSON  = `{"text":"buy milk"}`
)

// runGrpcurl runs the real grpcurl against the quickstart.
func (t *tour) runGrpcurl(ctx context.Context, args ...string) (string, error) {
	last := len(args) - 1
	args = append(append([]string{"-plaintext"}, args[:last]...), t.addr, args[last])
	out, err := exec.CommandContext(ctx, filepath.Join(".bin", "grpcurl"), args...).CombinedOutput() //nolint:gosec // our own arguments
	return string(out), err
}

// orOutput is OK, or what grpcurl said instead.
func orOutput(holds bool, out string) string {
	if holds {
		return "OK"
	}
	return strings.TrimSpace(out)
}

// invitation is lines to paste against the server that stays up.
func (t *tour) invitation() string {
	ctx, cancel := context.WithTimeout(t.ctx, 30*time.Second)
	defer cancel()
	tokens, err := t.rawTokens(ctx)
	if err != nil {
		return fmt.Sprintf("\nno token to show: %v\n", err)
	}
	return fmt.Sprintf(`
The server stays up on %[1]s. In another terminal, from this folder
(the token lasts 15 minutes; logging in gives another):

  .bin/grpcurl -plaintext -d '%[2]s' %[1]s grpcauth.v1.AuthService/Login

  .bin/grpcurl -plaintext -d '%[3]s' \
    -H "authorization: Bearer %[4]s" \
    %[1]s notes.v1.NotesService/CreateNote

  .bin/grpcurl -plaintext %[1]s describe notes.v1.NotesService

Its log is %[5]s. Ctrl-C ends it.
`, t.addr, loginJSON, noteJSON, tokens.GetAccessToken(), logFile)
}
