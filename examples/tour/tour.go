package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authclient"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// The tour's user.
const (
	username = "ada"
	password = "correct horse battery staple"
)

// tour walks through the steps and counts how they went.
type tour struct {
	ctx            context.Context //nolint:containedctx // the program's own, for every step
	addr           string
	colour         bool
	passed, failed int

	plain   *grpc.ClientConn // sends no token by itself
	auth    grpcauthv1.AuthServiceClient
	session *authclient.Session
	notes   notesv1.NotesServiceClient // sends the session's token
	conns   []*grpc.ClientConn
}

func newTour(ctx context.Context, addr string) *tour {
	t := &tour{ctx: ctx, addr: addr, colour: os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(os.Stdout.Fd()))}
	t.plain = t.dial()
	t.auth = grpcauthv1.NewAuthServiceClient(t.plain)
	return t
}

func (t *tour) close() {
	if t.session != nil {
		t.session.Close()
	}
	for _, conn := range t.conns {
		_ = conn.Close()
	}
}

// dial connects to the quickstart. It is on this machine, so that tokens may
// go without TLS.
func (t *tour) dial(options ...grpc.DialOption) *grpc.ClientConn {
	conn, err := grpc.NewClient(t.addr, append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		panic(err) // the address is the quickstart's own
	}
	t.conns = append(t.conns, conn)
	return conn
}

// step runs one step and prints one line: what was wanted and what came.
func (t *tour) step(name, want string, run func(ctx context.Context) string) {
	ctx, cancel := context.WithTimeout(t.ctx, 30*time.Second)
	defer cancel()
	got := run(ctx)
	mark, colour := "ok  ", "\x1b[32m"
	if got == want {
		t.passed++
	} else {
		t.failed++
		mark, colour = "FAIL", "\x1b[31m"
	}
	if t.colour {
		mark = colour + mark + "\x1b[0m"
	}
	fmt.Printf("%s  %-45s  want %-35s  got %s\n", mark, name, want, got)
}

// outcome is a call's result as a step names it: "OK", or the code and our
// reason.
func outcome(err error) string {
	if err == nil {
		return "OK"
	}
	name := strings.TrimPrefix(authclient.Reason(err).String(), "REASON_")
	return status.Code(err).String() + " " + name
}
