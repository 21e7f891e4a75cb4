package repo_test

import (
	"go/ast"
	"go/token"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/internal/testkit"
)

// words are what no file of ours says, and what to do instead.
var words = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`), "finish it, or open an issue"},
	{regexp.MustCompile(`(?i)\b(black|white)list`), "say what is refused, or what is allowed"},
	{regexp.MustCompile(`(?i)\b(token|refresh) famil(y|ies)\b`), "we call it a session"},
	{regexp.MustCompile(`(?i)\b(blazing|seamless|effortless|battle-tested|enterprise-grade)`), "say what is measured"},
}

// isText takes what people read and write here.
func isText(p string) bool {
	kinds := []string{".go", ".md", ".proto", ".sh", ".sql", ".yaml", ".yml", ".txt", ".mod", ""}
	return slices.Contains(kinds, path.Ext(p)) && p != "internal/repo/words_test.go" && p != "LICENSE"
}

func TestNoFileSaysWhatNoneShould(t *testing.T) {
	t.Parallel()
	for _, p := range files(t, isText) {
		for i, line := range strings.Split(read(t, p), "\n") {
			for _, word := range words {
				if found := word.pattern.FindString(line); found != "" {
					t.Errorf("%s:%d: %q: %s", p, i+1, found, word.instead)
				}
			}
		}
	}
}

// A path of the machine that something was written on helps nobody else.
func TestNoFileNamesThisMachine(t *testing.T) {
	t.Parallel()
	dir, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	for _, p := range files(t, isText) {
		text := read(t, p)
		for _, place := range []string{dir, home} {
			if len(place) > 1 && strings.Contains(text, place+"/") {
				t.Errorf("%s names %s", p, place)
			}
		}
	}
}

// Tests wait for a state and never for time. In a bubble of testing/synctest a
// sleep is the state: it returns when everything else is blocked.
func TestNoTestSleepsOutsideABubble(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	for _, p := range files(t, isTest) {
		file := parse(t, fset, p)
		bubbles := slices.ContainsFunc(file.Imports, func(spec *ast.ImportSpec) bool {
			return spec.Path.Value == `"testing/synctest"`
		})
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Sleep" || bubbles {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "time" {
				t.Errorf("%s: time.Sleep: wait for a state", fset.Position(sel.Pos()))
			}
			return true
		})
	}
}
