package main

import (
	"slices"
	"strings"
	"testing"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// refusedCall is a call that some check refuses.
type refusedCall struct {
	name          string
	rule          *grpcauthv1.Rule
	raw           string
	args          []string
	by, detail    string // the check, and what is beside it
	answer, cause string // what the client is told, and what it is not
}

// Each check refuses in its own words, and in those of the server: a guarded
// one is asked the same.
//
// checklist: B2
func TestExplainedRefusals(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	for _, c := range slices.Concat(refusedTokens(f), refusedByRules(f)) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newForger(t)
			args := explainArgs(t, f, c.rule, c.raw, c.args...)
			got := explainRun(t, c.raw, "", args...)
			told := strings.ReplaceAll(got.stdout, valueOfFlag(args, "--jwks"), "JWKS")
			code, rest, _ := strings.Cut(c.answer, " ")
			reason, message, _ := strings.Cut(rest, ": ")
			message, metadata, _ := strings.Cut(message, ", ")
			if metadata != "" {
				metadata = "\n  metadata " + metadata
			}
			if want := "\n\nrefused by " + c.by + "; the client is told all of this but the cause" +
				"\n  code     " + code + "\n  reason   " + reason + "\n  message  " + message + metadata + "\n  cause    " + c.cause + "\n"; !strings.HasSuffix(told, want) {
				t.Errorf("it ends otherwise:\n%s\nwant\n%s", told, want)
			}
			if want := "grpcauth: the call would be refused: " + reason + "\n"; got.code != exitFailure || got.stderr != want {
				t.Errorf("exit %d, %q", got.code, got.stderr)
			}
			checkRows(t, told, c.by, c.detail)
			checkServerSays(t, f, c, code, reason, message)
		})
	}
}

// checkRows sees to it that what comes before the refusal was asked, and what
// comes after was not.
func checkRows(t *testing.T, told, by, detail string) {
	t.Helper()
	seen := false
	for line := range strings.Lines(told) {
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "  "), " ")
		if !ok || !strings.HasPrefix(line, "  ") || name == "code" {
			continue
		}
		if seen && strings.TrimSpace(rest) == "not reached" {
			continue
		}
		if seen {
			break
		}
		state, text, _ := strings.Cut(strings.TrimSpace(rest), "  ")
		if name == by {
			seen = true
			if state != "refused" || strings.TrimSpace(text) != detail {
				t.Errorf("%s %s, want %q", name, rest, detail)
			}
		} else if state != "ok" && state != "not checked" {
			t.Errorf("before the refusal: %s", line)
		}
	}
	if !seen {
		t.Errorf("there is no check %s in\n%s", by, told)
	}
}

func valueOfFlag(args []string, flag string) string { return args[slices.Index(args, flag)+1] }
