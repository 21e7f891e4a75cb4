package repo_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/internal/testkit"
)

// notOurs are folders whose files nobody wrote by hand, or nobody commits.
var notOurs = []string{".git", ".bin", ".cache", "gen", "testdata"}

// files returns the repository's files that accept takes, by their path from
// the root, with slashes.
func files(t *testing.T, accept func(path string) bool) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(root(t).FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains(notOurs, entry.Name()) {
			return fs.SkipDir
		}
		if entry.Type().IsRegular() && accept(path) {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatal("found no file: the test looks in the wrong place")
	}
	return found
}

func root(t *testing.T) *os.Root {
	t.Helper()
	dir, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	r, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// read is the text of a file. A program that somebody built in the tree has
// none.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := root(t).ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return ""
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

func isTest(path string) bool { return strings.HasSuffix(path, "_test.go") }

func isGo(path string) bool { return strings.HasSuffix(path, ".go") }

// parse reads a Go file whose positions name its path from the root.
func parse(t *testing.T, fset *token.FileSet, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(fset, path, read(t, path), parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
