package peers_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpcauth/grpcauth/authclient"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

const (
	ourName  = "https://auth.test"
	password = "correct horse battery"
)

// build builds the grpcauth program and gives its path.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "grpcauth")
	cmd, _ := command(t, testkit.Require(t, "go"), "build", "-o", path, "github.com/grpcauth/grpcauth/cmd/grpcauth")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// ourServer is `grpcauth serve`, running, as it says that it does.
type ourServer struct {
	GRPC, HTTP, Algorithm, Store string
	// Subject is ada's.
	Subject string
}

// startOurs starts a server that signs with an algorithm, and has a user "ada".
func startOurs(t *testing.T, program, alg string) (s ourServer) {
	t.Helper()
	db := filepath.Join(t.TempDir(), "grpcauth.db")
	add, _ := command(t, program, "user", "add", "ada", "--scope", "notes.read", "--store", db, "--json")
	add.Env, add.Stdin = []string{}, strings.NewReader(password+"\n")
	out, err := add.Output()
	if err != nil {
		t.Fatalf("user add: %v\n%s", err, out)
	}
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatal(err)
	}
	cmd, kill := command(t, program, "serve", "--issuer", ourName, "--audience", audience, "--store", db,
		"--algorithm", alg, "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--log-format", "json")
	cmd.Env = []string{}
	line, _ := serve(t, cmd, kill, `"msg":"listening"`)
	if err := json.Unmarshal([]byte(line), &s); err != nil {
		t.Fatal(err)
	}
	if s.Algorithm != alg {
		t.Fatalf("it signs with %s, not %s", s.Algorithm, alg)
	}
	return s
}

// jwksURL is where its keys are.
func (s ourServer) jwksURL() string { return "http://" + s.HTTP + "/.well-known/jwks.json" }

// login gives an access token of ada's.
func (s ourServer) login(t *testing.T) string {
	t.Helper()
	conn, err := grpc.NewClient(s.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	session, err := authclient.Login(ctx, conn, "ada", password)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	raw, err := session.Token(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
