package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/grpcauth/grpcauth/authclient"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
)

const (
	testIssuer   = "https://auth.test"
	testAudience = "https://notes.test"
)

// TestProcesses runs the programs as people do: as processes that talk over
// the network.
func TestProcesses(t *testing.T) {
	t.Parallel()
	b := buildAll(t)
	t.Run("log in, call, restart, log out", func(t *testing.T) {
		t.Parallel()
		(&day{T: t, b: b, dir: t.TempDir()}).live()
	})
	t.Run("TLS", func(t *testing.T) {
		t.Parallel()
		testTLS(t, b)
	})
	t.Run("tokens bound to a certificate", func(t *testing.T) {
		t.Parallel()
		testCertificateBound(t, b)
	})
	t.Run("behind a proxy", func(t *testing.T) {
		t.Parallel()
		testBehindAProxy(t, b)
	})
	t.Run("discovery", func(t *testing.T) {
		t.Parallel()
		testDiscovery(t, b)
	})
	t.Run("a second signal ends it at once", func(t *testing.T) {
		t.Parallel()
		testSecondSignal(t, b)
	})
	t.Run("a connection that says nothing", func(t *testing.T) {
		t.Parallel()
		testSilentConnection(t, b)
	})
	t.Run("hashes in a process of their own", func(t *testing.T) {
		t.Parallel()
		testHashesApart(t, b)
	})
	t.Run("two servers on one PostgreSQL", func(t *testing.T) {
		t.Parallel()
		testPostgres(t, b)
	})
	t.Run("the same refresh tokens at two servers", func(t *testing.T) {
		t.Parallel()
		testPair(t, b)
	})
	t.Run("another key file", func(t *testing.T) {
		t.Parallel()
		testAnotherKeyFile(t, b)
	})
	t.Run("killed around the commit on PostgreSQL", func(t *testing.T) {
		t.Parallel()
		testKilled(t, b)
	})
	t.Run("killed at any time on SQLite", func(t *testing.T) {
		t.Parallel()
		testKilledAnywhere(t, b)
	})
	t.Run("clients", func(t *testing.T) {
		t.Parallel()
		testClients(t, b)
	})
	t.Run("the operator is felt at once", func(t *testing.T) {
		t.Parallel()
		testFeltAtOnce(t, b)
	})
	t.Run("the page on operating", func(t *testing.T) {
		t.Parallel()
		testOperatingPage(t, b)
	})
	t.Run("a restored backup, SQLite", func(t *testing.T) {
		t.Parallel()
		testRestored(t, b, sqliteEngine(t))
	})
	t.Run("a restored backup, PostgreSQL", func(t *testing.T) {
		t.Parallel()
		testRestored(t, b, postgresEngine(t))
	})
	t.Run("bad input", func(t *testing.T) {
		t.Parallel()
		testBadInput(t, b)
	})
}

// authServer is `grpcauth serve`, running.
type authServer struct {
	*program
	GRPC, HTTP, Issuer, Algorithm, KID, Store, Version string
	TLS                                                bool
}

func (b binaries) serve(t *testing.T, dir string, more ...string) *authServer {
	t.Helper()
	s := &authServer{program: b.start(t, "", nil, "grpcauth", append([]string{
		"serve", "--issuer", testIssuer, "--audience", testAudience, "--store", filepath.Join(dir, "grpcauth.db"),
		"--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--log-format", "json", "--log-level", "debug",
	}, more...)...)}
	if err := json.Unmarshal([]byte(s.line(&s.stderr, `"msg":"listening"`)), s); err != nil {
		t.Fatal(err)
	}
	return s
}

// notes is `examples/notes`, running; it gives its address. Without an address
// of the keys it asks the issuer's metadata.
func (b binaries) notes(t *testing.T, environ []string, issuer, jwksURL string) (*program, string) {
	t.Helper()
	p := b.start(t, "", environ, "notes", "-listen", "127.0.0.1:0", "-issuer", issuer, "-audience", testAudience, "-jwks-url", jwksURL)
	_, address, _ := strings.Cut(strings.TrimSpace(p.line(&p.stdout, "serving on ")), "serving on ")
	return p, address
}

// addUser adds a user and gives the subject.
func (b binaries) addUser(t *testing.T, dir, name string, scopes string) string {
	t.Helper()
	got := b.run(t, goodPassword+"\n", "grpcauth", "user", "add", name, "--scope", scopes, "--json", "--store", filepath.Join(dir, "grpcauth.db"))
	var user struct{ Subject string }
	if err := json.Unmarshal([]byte(got.stdout), &user); err != nil || got.code != exitOK {
		t.Fatalf("%v: %+v", err, got)
	}
	return user.Subject
}

func dial(t *testing.T, address string, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(address, append([]grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// get fetches a page.
func get(t *testing.T, config *tls.Config, url string) string {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: config}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Client{Transport: transport, Timeout: patience}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("%s: %s, %v", url, response.Status, err)
	}
	return string(body)
}

// testTLS serves both listeners with a certificate, and has a resource server
// trust it.
func testTLS(t *testing.T, b binaries) {
	dir := t.TempDir()
	cert, key, pool := selfSigned(t)
	b.addUser(t, dir, "ada", "notes.read,notes.write")
	auth := b.serve(t, dir, "--tls-cert", cert, "--tls-key", key, "--listen", "0.0.0.0:0")
	if !auth.TLS {
		t.Error("it does not say that it serves with TLS")
	}
	_, port, _ := strings.Cut(auth.GRPC, "]:")
	address := "127.0.0.1:" + port
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn := dial(t, address, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: pool})))
	session, err := authclient.Login(ctx, conn, "ada", goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	jwksURL := "https://" + auth.HTTP + "/.well-known/jwks.json"
	if got := get(t, &tls.Config{RootCAs: pool}, jwksURL); !strings.Contains(got, auth.KID) {
		t.Errorf("the key set is %s", got)
	}
	_, notes := b.notes(t, []string{"SSL_CERT_FILE=" + cert}, testIssuer, jwksURL)
	client := notesv1.NewNotesServiceClient(dial(t, notes, session.DialOptions()...))
	if _, err := client.CreateNote(ctx, &notesv1.CreateNoteRequest{Text: "buy milk"}); err != nil {
		t.Errorf("keeping a note: %v", err)
	}
	if _, err := authclient.Login(ctx, dial(t, address), "ada", goodPassword); err == nil {
		t.Error("a login without TLS was taken")
	}
	if code := auth.terminate(); code != exitOK {
		t.Errorf("exit %d", code)
	}
}

func testSecondSignal(t *testing.T, b binaries) {
	auth := b.serve(t, t.TempDir(), "--drain-timeout", "1h", "--http-listen", "off")
	stream, err := healthv1.NewHealthClient(dial(t, auth.GRPC)).Watch(t.Context(), &healthv1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	auth.signal(syscall.SIGINT)
	auth.line(&auth.stderr, `"msg":"draining"`)
	auth.signal(syscall.SIGTERM)
	if code := auth.wait(); code != -1 {
		t.Errorf("exit %d, want an end by the signal", code)
	}
}
