package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

const (
	reference = "../../docs/serve.md"
	flagsFrom = "<!-- The flags of serve, from here on: -->\n"
	flagsTo   = "<!-- to here, are held by a test. -->\n"
)

// The reference is what --help says, as a table. After a change of flags,
// GRPCAUTH_TEST_UPDATE=1 writes it anew.
func TestTheReferenceIsUpToDate(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), flagsFrom)
	got, after, ended := strings.Cut(rest, flagsTo)
	if !found || !ended {
		t.Fatalf("%s lacks the lines that the table stands between", reference)
	}
	want := flagTables(t)
	if got == want {
		return
	}
	if os.Getenv("GRPCAUTH_TEST_UPDATE") == "" {
		t.Fatalf("%s is not what the flags are. Run GRPCAUTH_TEST_UPDATE=1 go test ./cmd/grpcauth -run Reference\n%s", reference, want)
	}
	if err := os.WriteFile(reference, []byte(before+flagsFrom+want+flagsTo+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// flagTables is a table for each group of flags.
func flagTables(t *testing.T) string {
	t.Helper()
	p := &process{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}
	parser, err := newParser(t.Context(), p, &cli{}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	known, group := settings(parser.Model), ""
	var out strings.Builder
	for _, flag := range parser.Model.Children[0].Flags {
		if flag.Group.Title != group {
			group = flag.Group.Title
			fmt.Fprintf(&out, "\n### %s\n\n| Flag | Variable | Key | Default | |\n|---|---|---|---|---|\n", strings.TrimSuffix(group, ":"))
		}
		variable, key := envKey(flag.Name), "`"+configKey(flag.Name)+"`"
		if !known[flag.Name] {
			key = "–"
		}
		value := "–"
		if flag.HasDefault {
			value = "`" + flag.Default + "`"
		}
		help, _, _ := strings.Cut(flag.Help, " [$")
		fmt.Fprintf(&out, "| `--%s` | `%s` | %s | %s | %s |\n", flag.Name, variable, key, value, help)
	}
	return out.String() + "\n"
}

func TestEveryFlagAndCommandSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	p := &process{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}
	parser, err := newParser(t.Context(), p, &cli{}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Leaves(false) {
		if command.Help == "" {
			t.Errorf("%s has no help", command.FullPath())
		}
		for _, value := range command.Values() {
			if value.Help == "" {
				t.Errorf("%s %s has no help", command.FullPath(), value.Summary())
			}
		}
	}
}
