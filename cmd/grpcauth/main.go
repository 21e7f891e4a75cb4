// Grpcauth is the auth server as a program of its own.
//
//	grpcauth user add ada --scope notes.read --scope notes.write
//	grpcauth serve --issuer http://127.0.0.1:8080 --audience https://notes.example
//
// serve logs people in and issues, renews and ends their tokens by gRPC
// (grpcauth.v1.AuthService); other services verify those tokens with the keys
// it publishes at /.well-known/jwks.json. user, session and client manage who is
// in its database, a SQLite file or PostgreSQL, and audit tells what was done;
// migrate is about that database's schema, recover makes a restored backup safe,
// and proto writes the .proto files that rules are written with.
//
//	grpcauth rules --descriptor-set services.binpb --html
//
// For any guarded service init proposes rules, rules shows who may call what
// and what a change opens, and explain tells which check lets a call in.
//
// The program exits with 0 when it did what was asked, with 2 when a flag, an
// argument or a setting is unknown, missing or can't be read, and with 1 when
// anything else went wrong, also when flags don't fit together; each with one
// line on stderr that says what to do.
// The exit code of explain is its answer: 1 is a call that would be refused,
// and 2 whatever keeps that from being found out, such as keys of the issuer
// that can't be had.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// What the program exits with.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// process is what a command may use of the process it runs in.
type process struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string // "KEY=value"
}

func main() {
	p := &process{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ()}
	os.Exit(p.run(context.Background(), os.Args[1:]))
}

// run runs the command that args name and gives the exit code.
func (p *process) run(ctx context.Context, args []string) int {
	exited := -1 // kong's --help ends the process; here it only says so
	parser, err := newParser(ctx, p, &cli{}, func(code int) { exited = code })
	if err != nil {
		return p.fail(err)
	}
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		return p.fail(err)
	}
	if err := command.Run(); err != nil {
		return p.fail(err)
	}
	return exitOK
}

// fail reports err in one line.
func (p *process) fail(err error) int {
	text := withoutTokens(oneLine(err))
	wrong, ok := errors.AsType[*kong.ParseError](err)
	if !ok {
		_, _ = fmt.Fprintf(p.stderr, "grpcauth: %s\n", text)
		if _, ok := errors.AsType[usageError](err); ok {
			return exitUsage
		}
		return exitFailure
	}
	_, _ = fmt.Fprintf(p.stderr, "grpcauth: %s (see %s --help)\n", oneOf(text, wrong.Context), commandOf(wrong))
	return exitUsage
}

// usageError is what keeps a command whose exit code is an answer from giving
// it.
type usageError struct{ error }

// commandOf is the command that was being read when err was found.
func commandOf(err *kong.ParseError) string {
	if err.Context != nil {
		if node := err.Context.Selected(); node != nil {
			return node.FullPath()
		}
	}
	return "grpcauth"
}

// oneLine is the text of err with its lines joined.
func oneLine(err error) string {
	var parts []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			parts = append(parts, line)
		}
	}
	return strings.Join(parts, "; ")
}
