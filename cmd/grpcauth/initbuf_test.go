package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/internal/testkit"
	"github.com/grpcauth/grpcauth/proto"
)

// What init prints compiles where it says that it belongs, and leaves no
// method without a rule.
func TestWhatInitPrintsCompiles(t *testing.T) {
	t.Parallel()
	buf := testkit.Require(t, "buf")
	dir := t.TempDir()
	for _, tree := range []fs.FS{proto.FS, os.DirFS(filepath.Join("testdata", "init"))} {
		if err := os.CopyFS(dir, tree); err != nil {
			t.Fatal(err)
		}
	}
	before := buildSet(t, buf, dir)
	if got := runWith(t, "", nil, "rules", "--fail-on-missing", "--descriptor-set", before); got.code != exitFailure {
		t.Fatalf("the files have rules before: %+v", got)
	}
	proposed := runWith(t, "", nil, "init", "--descriptor-set", before)
	if proposed.code != exitOK {
		t.Fatalf("got %+v", proposed)
	}
	for path, text := range sections(proposed.stdout) {
		pasteInto(t, filepath.Join(dir, path), text)
	}
	after := buildSet(t, buf, dir)
	if got := runWith(t, "", nil, "rules", "--fail-on-missing", "--descriptor-set", after); got.code != exitOK {
		t.Errorf("rules are missing still: %+v", got)
	}
	again := runWith(t, "", nil, "init", "--descriptor-set", after)
	if again.code != exitOK || again.stdout != "" || !strings.HasPrefix(again.stderr, "0 methods without a rule; ") {
		t.Errorf("a second time: %+v", again)
	}
}

func buildSet(t *testing.T, buf, dir string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "set.binpb")
	if out, err := exec.CommandContext(t.Context(), buf, "build", dir, "--output", path).CombinedOutput(); err != nil {
		t.Fatalf("buf build: %v\n%s", err, out)
	}
	return path
}

var (
	fileComment = regexp.MustCompile(`(?m)^// (\S+): \d+ methods? without a rule\. .*\n`)
	importLine  = regexp.MustCompile(`(?m)^import .*;\n`)
	serviceLine = regexp.MustCompile(`(?m)^// In service (\w+):\n`)
	rpcBlock    = regexp.MustCompile(`(?m)^  rpc (\w+)\(.*\{\n(    // Keep the options that it has: .*\n)?(    option .*\n)  \}\n`)
)

// sections cuts what init prints at its files.
func sections(text string) map[string]string {
	found := map[string]string{}
	at := fileComment.FindAllStringSubmatchIndex(text, -1)
	for i, m := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		found[text[m[2]:m[3]]] = text[m[1]:end]
	}
	return found
}

// pasteInto does what the text tells a person to do.
func pasteInto(t *testing.T, path, text string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	source := string(data)
	if line := importLine.FindString(text); line != "" {
		first := importLine.FindStringIndex(source)
		source = source[:first[0]] + line + source[first[0]:]
	}
	services := serviceLine.FindAllStringSubmatchIndex(text, -1)
	for i, m := range services {
		end := len(text)
		if i+1 < len(services) {
			end = services[i+1][0]
		}
		head, rest, _ := strings.Cut(source, "service "+text[m[2]:m[3]]+" {\n")
		body, tail, found := strings.Cut(rest, "\n}\n")
		if !found {
			t.Fatalf("%s has no service %s", path, text[m[2]:m[3]])
		}
		source = head + "service " + text[m[2]:m[3]] + " {\n" + pasteMethods(t, body, text[m[1]:end]) + "\n}\n" + tail
	}
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
}

func pasteMethods(t *testing.T, body, text string) string {
	t.Helper()
	blocks := rpcBlock.FindAllStringSubmatch(text, -1)
	if len(blocks) == 0 {
		t.Errorf("no method in\n%s", text)
	}
	for _, block := range blocks {
		there := regexp.MustCompile(`(?m)^  rpc ` + block[1] + `\(.*(;|\{\})$`)
		replacement := strings.TrimSuffix(block[0], "\n")
		if block[2] != "" { // the option alone, beside those that are there
			there = regexp.MustCompile(`(?m)^  rpc ` + block[1] + `\(.*\{$`)
			replacement = there.FindString(body) + "\n" + strings.TrimSuffix(block[3], "\n")
		}
		if len(there.FindAllString(body, -1)) != 1 {
			t.Errorf("there is no place for\n%s", block[0])
		}
		body = there.ReplaceAllLiteralString(body, replacement)
	}
	return body
}
