package movingin

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"text/tabwriter"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"

	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/interceptor/promauth"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/internal/testkit"
	"github.com/grpcauth/grpcauth/token"
)

// update writes what came into testdata, from where `make readme` copies it
// into docs/moving-in.md.
var update = flag.Bool("update", false, "write what came into testdata")

// reports are the reasons for which a Guard would have refused.
type reports struct{ reasons []string }

func (r *reports) add(d interceptor.Decision) {
	if d.ReportOnly {
		r.reasons = append(r.reasons, fault.Name(d.Reason))
	}
}

func (r *reports) String() string { return strings.Join(r.reasons, " ") }

// askMiddleware makes the call where go-grpc-middleware is, alone and with a
// Guard that reports.
func (c *call) askMiddleware(t *testing.T, key ed25519.PrivateKey, hand *byHand, verifier *token.Verifier) {
	t.Helper()
	var reports reports
	reporter, err := newReporter(verifier, func(_ context.Context, d interceptor.Decision) { reports.add(d) }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	alone := c.ask(t, key, newMiddlewareServer(hand, before{}))
	both := c.ask(t, key, newReportingMiddlewareServer(reporter, hand, before{}, slog.New(slog.DiscardHandler)))
	if report := reports.String(); alone != c.byHand || both != c.byHand || report != c.reported {
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
			var reports reports
			reporter, err := newReporter(verifier, func(ctx context.Context, d interceptor.Decision) { count(ctx, d); reports.add(d) }, log)
			if err != nil {
				t.Fatal(err)
			}
			guarded, err := newGuardedServer(after{}, verifier, func(context.Context, interceptor.Decision) {})
			if err != nil {
				t.Fatal(err)
			}
			stillByHand := c.ask(t, private, newReportingServer(reporter, hand, before{}, log))
			report := reports.String()
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
