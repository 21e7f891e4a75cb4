package peers_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// A service in Node.js makes its key and proves itself by assertions, as
// docs/clients.md shows.
//
// checklist: C1
func TestServicesElsewhereProveThemselvesToUs(t *testing.T) {
	t.Parallel()
	testkit.RequirePeers(t) // before anything is built
	program := build(t)
	ours := startOurs(t, program, "EdDSA")
	dir := t.TempDir()
	key, jwks := filepath.Join(dir, "client.jwk"), filepath.Join(dir, "jwks.json")
	environ := []string{"CLIENT_KEY=" + key, "CLIENT_ID=robot", "ISSUER=" + ourName}
	if err := os.WriteFile(jwks, []byte(printed(t, "clientkeys.mjs", environ)), 0o600); err != nil {
		t.Fatal(err)
	}
	add, _ := command(t, program, "client", "add", "robot", "--service", "--scope", "notes.read", "--jwks", jwks, "--store", ours.Store)
	add.Env = []string{}
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("client add: %v\n%s", err, out)
	}

	assertion := strings.TrimSpace(printed(t, "assertion.mjs", environ))
	elsewhere := strings.TrimSpace(printed(t, "assertion.mjs", append(environ, "ISSUER=https://elsewhere.test")))
	for _, use := range []struct{ name, assertion, want string }{
		{"the first time", assertion, ""},
		{"again", assertion, "INVALID_CLIENT"},
		{"one for another server", elsewhere, "INVALID_CLIENT"},
	} {
		err := ours.clientToken(t, "robot", use.assertion)
		if got := reasonOf(err); got != use.want {
			t.Errorf("%s: %q (%v), want %q", use.name, got, err, use.want)
		}
	}
}

// printed is what a script prints.
func printed(t *testing.T, name string, environ []string) string {
	t.Helper()
	cmd, _ := script(t, name)
	cmd.Env = append(cmd.Environ(), environ...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(out)
}

// clientToken asks for a token by an assertion.
func (s ourServer) clientToken(t *testing.T, id, assertion string) error {
	t.Helper()
	conn, err := grpc.NewClient(s.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err = grpcauthv1.NewAuthServiceClient(conn).IssueClientToken(ctx, &grpcauthv1.IssueClientTokenRequest{
		ClientId: id, Proof: &grpcauthv1.IssueClientTokenRequest_ClientAssertion{ClientAssertion: assertion},
	})
	return err
}

// reasonOf is why a call was refused, or "".
func reasonOf(err error) string {
	if err == nil {
		return ""
	}
	return fault.Name(fault.FromStatus(err))
}
