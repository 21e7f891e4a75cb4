package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"golang.org/x/term"

	"github.com/grpcauth/grpcauth/authsvc/password"
)

// newPassword is a password that may be used: asked for twice on a terminal,
// else one line of stdin.
func (p *process) newPassword(ctx context.Context, fromStdin bool) (string, error) {
	secret, err := p.readPassword(ctx, fromStdin)
	if err != nil {
		return "", err
	}
	return secret, password.Check(secret)
}

func (p *process) readPassword(ctx context.Context, fromStdin bool) (string, error) {
	if f, ok := p.stdin.(*os.File); ok && !fromStdin && term.IsTerminal(int(f.Fd())) { //nolint:gosec // a descriptor is an int
		return p.askTwice(ctx, int(f.Fd())) //nolint:gosec // as above
	}
	return readLine(p.stdin)
}

// readLine reads the password as one line. More than a password can have is
// read no further, and refused by its length.
func readLine(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, password.MaxBytes+3)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading the password from stdin: %w", err)
	}
	if line == "" {
		return "", errors.New("stdin holds no password: give it as one line, or run this on a terminal to be asked")
	}
	return string(trimLine([]byte(line))), nil
}

func (p *process) askTwice(ctx context.Context, terminal int) (string, error) {
	secret, err := p.ask(ctx, terminal, "Password: ")
	if err != nil {
		return "", err
	}
	again, err := p.ask(ctx, terminal, "Once more: ")
	if err != nil {
		return "", err
	}
	if secret != again {
		return "", errors.New("the two passwords differ: try again")
	}
	return secret, nil
}

// ask reads a line without showing it. A signal leaves the terminal as it was.
func (p *process) ask(ctx context.Context, terminal int, prompt string) (string, error) {
	before, err := term.GetState(terminal)
	if err != nil {
		return "", fmt.Errorf("the terminal can't be read without showing the password: %w: use --password-stdin", err)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	_, _ = io.WriteString(p.stderr, prompt)
	defer func() { _, _ = io.WriteString(p.stderr, "\n") }()
	typed := make(chan answered, 1)
	go func() {
		line, err := term.ReadPassword(terminal)
		typed <- answered{string(line), err}
	}()
	select {
	case a := <-typed:
		return strings.TrimSuffix(a.line, "\r"), a.err
	case <-ctx.Done():
		// The goroutine stays in its read; the process ends now.
		return "", errors.Join(errors.New("cancelled: nothing was changed"), term.Restore(terminal, before))
	}
}

type answered struct {
	line string
	err  error
}
