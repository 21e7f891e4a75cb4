package movingin

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/interceptor/promauth"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/internal/testkit"
	"github.com/grpcauth/grpcauth/token"
)

// update writes what came into testdata, from where `make readme` copies it
// into docs/moving-in.md.
var update = flag.Bool("update", false, "write what came into testdata")

// call is one that every server is asked.
type call struct {
	name string
	typ  string         // of the token; "" sends none
	more map[string]any // claims; nil takes one away
	make func(ctx context.Context, client notesv1.NotesServiceClient) error
	// What each server is to do: "in", or why not.
	byHand, reported, enforcing string
}

func list(ctx context.Context, c notesv1.NotesServiceClient) error {
	_, err := c.ListNotes(ctx, &notesv1.ListNotesRequest{})
	return err
}

func create(ctx context.Context, c notesv1.NotesServiceClient) error {
	_, err := c.CreateNote(ctx, &notesv1.CreateNoteRequest{Text: "buy milk"})
	return err
}

func purge(ctx context.Context, c notesv1.NotesServiceClient) error {
	_, err := c.PurgeNotes(ctx, &notesv1.PurgeNotesRequest{})
	return err
}

func ping(ctx context.Context, c notesv1.NotesServiceClient) error {
	_, err := c.Ping(ctx, &notesv1.PingRequest{})
	return err
}

func sync(ctx context.Context, c notesv1.NotesServiceClient) error {
	stream, err := c.SyncNotes(ctx)
	if err != nil {
		return err
	}
	_ = stream.Send(&notesv1.SyncNotesRequest{Text: "buy milk"}) // fails when the stream is over, which Recv tells why
	_ = stream.CloseSend()
	return ended(stream.Recv())
}

func watch(ctx context.Context, c notesv1.NotesServiceClient) error {
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	stream, err := c.WatchNotes(ctx, &notesv1.WatchNotesRequest{})
	if err != nil {
		return err
	}
	return ended(stream.Recv())
}

// ended is nil when the other side closed the stream without an error.
func ended[T any](_ *T, err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

const in = "in"

var calls = []call{
	{name: "Ping without a token", make: ping, byHand: in, enforcing: in},
	{name: "ListNotes without a token", make: list, byHand: "UNAUTHENTICATED", enforcing: "UNAUTHENTICATED TOKEN_MISSING"},
	{name: "ListNotes with notes.read", typ: "at+jwt", make: list, byHand: in, enforcing: in},
	{name: "CreateNote with notes.read", typ: "at+jwt", make: create, byHand: "PERMISSION_DENIED", reported: "SCOPE_MISSING", enforcing: "PERMISSION_DENIED SCOPE_MISSING"},
	{name: "PurgeNotes with notes.read", typ: "at+jwt", make: purge, byHand: in, reported: "SCOPE_MISSING", enforcing: "PERMISSION_DENIED SCOPE_MISSING"},
	{name: "SyncNotes with notes.read", typ: "at+jwt", make: sync, byHand: in, reported: "SCOPE_MISSING", enforcing: "PERMISSION_DENIED SCOPE_MISSING"},
	{name: "ListNotes with an ID token", typ: "JWT", make: list, byHand: in, reported: "TOKEN_KIND", enforcing: "UNAUTHENTICATED TOKEN_KIND"},
	{name: "ListNotes with a token without exp", typ: "at+jwt", more: map[string]any{"exp": nil}, make: list, byHand: in, reported: "TOKEN_CLAIMS", enforcing: "UNAUTHENTICATED TOKEN_CLAIMS"},
	{name: "ListNotes with the token of another issuer", typ: "at+jwt", more: map[string]any{"iss": "https://staging.example"}, make: list, byHand: in, reported: "TOKEN_ISSUER", enforcing: "UNAUTHENTICATED TOKEN_ISSUER"},
	{name: "WatchNotes for an hour", typ: "at+jwt", make: watch, byHand: "DEADLINE_EXCEEDED after 1h0m0s", reported: "TOKEN_EXPIRED", enforcing: "UNAUTHENTICATED TOKEN_EXPIRED after 15m30s"},
}

// token is what the issuer of the server by hand signs.
func (c *call) token(t *testing.T, key ed25519.PrivateKey) string {
	t.Helper()
	now := time.Now()
	claims := jwt.MapClaims{
		"iss": "https://auth.example", "aud": "https://notes.example", "sub": "ada", "client_id": "app", "jti": "4f1c",
		"iat": now.Unix(), "exp": now.Add(15 * time.Minute).Unix(), "scope": "notes.read",
	}
	for name, value := range c.more {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	made := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	made.Header["typ"], made.Header["kid"] = c.typ, "2026-01"
	raw, err := made.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// ask makes the call and tells how it came out.
func (c *call) ask(t *testing.T, key ed25519.PrivateKey, srv *grpc.Server) string {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(listener) // ends with Stop below
	}()
	conn, err := grpc.NewClient("passthrough:bufconn", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = conn.Close()
		srv.Stop()
		<-served
	}()
	ctx := t.Context()
	if c.typ != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.token(t, key))
	}
	begun := time.Now()
	err = c.make(ctx, notesv1.NewNotesServiceClient(conn))
	if err == nil {
		return in
	}
	words := []string{code.Code(status.Code(err)).String()}
	if reason := fault.FromStatus(err); reason != 0 {
		words = append(words, fault.Name(reason))
	}
	if took := time.Since(begun); took > 0 {
		words = append(words, "after", took.String())
	}
	return strings.Join(words, " ")
}

// askMiddleware makes the call where go-grpc-middleware is, alone and with a
// Guard that reports.
func (c *call) askMiddleware(t *testing.T, key ed25519.PrivateKey, hand *byHand, verifier *token.Verifier) {
	t.Helper()
	var reported []string
	reporter, err := newReporter(verifier, func(_ context.Context, d interceptor.Decision) {
		if d.ReportOnly {
			reported = append(reported, fault.Name(d.Reason))
		}
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	alone := c.ask(t, key, newMiddlewareServer(hand, before{}))
	both := c.ask(t, key, newReportingMiddlewareServer(reporter, hand, before{}, slog.New(slog.DiscardHandler)))
	if report := strings.Join(reported, " "); alone != c.byHand || both != c.byHand || report != c.reported {
		t.Errorf("%s: %q by middleware, %q beside a Guard, reported %q", c.name, alone, both, report)
	}
}

// The same calls come out as the page says at every step, and the reports
// foretell what the last step refuses.
func TestWhatEachStepDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		verifier, err := newVerifier(public)
		if err != nil {
			t.Fatal(err)
		}
		registry := prometheus.NewRegistry()
		count, err := promauth.New(registry)
		if err != nil {
			t.Fatal(err)
		}
		var logged, table bytes.Buffer
		log := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
		rows := tabwriter.NewWriter(&table, 0, 0, 3, ' ', 0)
		_, _ = fmt.Fprintln(rows, "call\tby hand\treported\tenforcing")
		hand := &byHand{public}
		for _, c := range calls {
			var reported []string
			tell := func(ctx context.Context, d interceptor.Decision) {
				count(ctx, d)
				if d.ReportOnly {
					reported = append(reported, fault.Name(d.Reason))
				}
			}
			reporter, err := newReporter(verifier, tell, log)
			if err != nil {
				t.Fatal(err)
			}
			guarded, err := newGuardedServer(after{}, verifier, func(context.Context, interceptor.Decision) {})
			if err != nil {
				t.Fatal(err)
			}
			stillByHand := c.ask(t, private, newReportingServer(reporter, hand, before{}, log))
			report := strings.Join(reported, " ")
			enforcing := c.ask(t, private, guarded)
			_, _ = fmt.Fprintf(rows, "%s\t%s\t%s\t%s\n", c.name, stillByHand, report, enforcing)
			if stillByHand != c.byHand || report != c.reported || enforcing != c.enforcing {
				t.Errorf("%s: %q by hand, reported %q, %q", c.name, stillByHand, report, enforcing)
			}
			c.askMiddleware(t, private, hand, verifier)
		}
		_ = rows.Flush()
		hold(t, "steps", trimmed(table.String()))
		hold(t, "log", logged.String())
		text, err := testutil.GatherAndFormat(registry, expfmt.TypeTextPlain, "grpcauth_decisions_total", "grpcauth_stream_ends_total")
		if err != nil {
			t.Fatal(err)
		}
		hold(t, "metrics", only(string(text), `outcome="report_only"`))
	})
}

// The page sends readers to a row of the dashboard that is there.
func TestTheDashboardHasTheRow(t *testing.T) {
	t.Parallel()
	root, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	const row = "Adoption: what report-only mode lets through"
	for _, name := range []string{"moving-in.md", "grafana-dashboard.json"} {
		text, err := os.ReadFile(filepath.Join(root, "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), row) {
			t.Errorf("docs/%s does not say %q", name, row)
		}
	}
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func trimmed(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return out.String()
}

// only keeps the lines that say what.
func only(text, what string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if strings.Contains(line, what) {
			out.WriteString(line)
		}
	}
	return out.String()
}

// hold compares with what the page shows, by way of testdata.
func hold(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name + ".txt"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("what came is not what docs/moving-in.md shows (make readme copies it):\n%s\nthe page has:\n%s", got, want)
	}
}
