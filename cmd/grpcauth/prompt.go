package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/grpcauth/grpcauth/authsvc/password"
)

// newPassword is a password that may be used: asked for twice on a terminal,
// else one line of stdin.
func (p *process) newPassword(fromStdin bool) (string, error) {
	secret, err := p.readPassword(fromStdin)
	if err != nil {
		return "", err
	}
	return secret, password.Check(secret)
}

func (p *process) readPassword(fromStdin bool) (string, error) {
	if f, ok := p.stdin.(*os.File); ok && !fromStdin && term.IsTerminal(int(f.Fd())) {
		return p.askTwice(f)
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

// askTwice asks on a terminal. It is in raw mode meanwhile: nothing that is
// typed is shown, and Ctrl-C is a key like any other, so that the terminal is
// given back as it was whatever is typed.
func (p *process) askTwice(terminal *os.File) (secret string, err error) {
	before, err := term.MakeRaw(int(terminal.Fd()))
	if err != nil {
		return "", fmt.Errorf("the terminal can't be read without showing the password: %w: use --password-stdin", err)
	}
	defer func() { err = errors.Join(err, term.Restore(int(terminal.Fd()), before)) }()
	prompt := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{terminal, p.stderr}, "")
	if secret, err = ask(prompt, "Password: "); err != nil {
		return "", err
	}
	again, err := ask(prompt, "Once more: ")
	if err != nil {
		return "", err
	}
	if secret != again {
		return "", errors.New("the two passwords differ: try again")
	}
	return secret, nil
}

func ask(terminal *term.Terminal, prompt string) (string, error) {
	line, err := terminal.ReadPassword(prompt)
	if errors.Is(err, io.EOF) {
		return "", errors.New("cancelled: nothing was changed")
	}
	return line, err
}
