package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// The sources write no kind that store.Kinds lacks, and it has none that they
// don't write. The page has a line for each.
func TestTheKindsOfEntryAreThoseThatAreWritten(t *testing.T) {
	t.Parallel()
	written := map[string]bool{}
	for _, dir := range []string{".", "../../authsvc", "../../authsvc/store", "../../authsvc/store/memory", "../../authsvc/store/sqlstore"} {
		r := &kindReader{T: t, files: token.NewFileSet(), takers: map[string]int{}, found: written}
		r.read(dir)
	}
	kinds := store.Kinds()
	for kind := range written {
		if !slices.Contains(kinds, kind) {
			t.Errorf("store.Kinds lacks %q, which is written", kind)
		}
	}
	for _, kind := range kinds {
		if !written[kind] {
			t.Errorf("store.Kinds has %q, which nothing writes", kind)
		}
	}
	if !slices.IsSorted(kinds) || len(slices.Compact(slices.Clone(kinds))) != len(kinds) {
		t.Error("store.Kinds is not by name, each once")
	}

	page, err := os.ReadFile(operatingPage)
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| Kind | |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var told []string
	for line := range strings.Lines(table) {
		for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(strings.Split(line, "|")[1], -1) {
			told = append(told, name[1])
		}
	}
	if slices.Sort(told); !slices.Equal(told, kinds) {
		t.Errorf("%s tells of %q", operatingPage, told)
	}
}

// kindReader finds the kinds of entry that the sources of a package write.
// What it can't follow fails the test: teach it, or write the kind plainly.
type kindReader struct {
	*testing.T

	files  *token.FileSet
	takers map[string]int // functions that are handed a kind, and as which argument
	found  map[string]bool
}

func (r *kindReader) read(dir string) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		r.Fatalf("%s: %d sources, %v", dir, len(names), err)
	}
	var functions []*ast.FuncDecl
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(r.files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			r.Fatal(err)
		}
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				functions = append(functions, fn)
			}
		}
	}
	for known := -1; known < len(r.takers); { // until no new one takes a kind
		known = len(r.takers)
		for _, fn := range functions {
			ast.Inspect(fn, func(n ast.Node) bool { r.look(fn, n); return true })
		}
	}
}

func (r *kindReader) look(in *ast.FuncDecl, n ast.Node) {
	switch n := n.(type) {
	case *ast.CompositeLit:
		for _, element := range n.Elts {
			pair, _ := element.(*ast.KeyValueExpr)
			if pair != nil && (isNamed(pair.Key, "Kind") && isNamed(n.Type, "Entry") || isNamed(pair.Key, "failure")) {
				r.kind(in, pair.Value)
			}
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			if field, ok := left.(*ast.SelectorExpr); ok && (field.Sel.Name == "failure" || field.Sel.Name == "Kind") {
				r.kind(in, n.Rhs[i])
			}
		}
	case *ast.CallExpr:
		if i, takes := r.takers[called(n)]; takes {
			r.kind(in, n.Args[i])
		}
	}
}

// kind takes a kind that a function writes: as text, as one that the function
// was handed, or as the field of a proof that has it.
func (r *kindReader) kind(in *ast.FuncDecl, value ast.Expr) {
	switch v := value.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(v.Value)
		if err != nil {
			r.Fatal(err)
		}
		r.found[text] = true
		return
	case *ast.SelectorExpr:
		if v.Sel.Name == "failure" { // see look
			return
		}
	case *ast.Ident:
		if i := parameter(in, v.Name); i >= 0 {
			r.takers[in.Name.Name] = i
			return
		}
	}
	r.Fatalf("%s: what kind of entry is written here can't be told", r.files.Position(value.Pos()))
}

// called is the name of the function or method that is called.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// parameter is the place of a parameter, or -1.
func parameter(fn *ast.FuncDecl, name string) int {
	place := 0
	for _, field := range fn.Type.Params.List {
		for _, p := range field.Names {
			if p.Name == name {
				return place
			}
			place++
		}
	}
	return -1
}

// isNamed tells whether an expression is a name, of this package or another.
func isNamed(e ast.Expr, name string) bool {
	if selector, ok := e.(*ast.SelectorExpr); ok {
		e = selector.Sel
	}
	ident, ok := e.(*ast.Ident)
	return ok && ident.Name == name
}
