package repo_test

import (
	"go/ast"
	"go/token"
	"path"
	"strconv"
	"strings"
	"testing"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// sentinel is a package-level error variable of a library package.
type sentinel struct {
	pos          token.Position
	pkg, name    string // as code elsewhere writes it: pkg.name
	reason, text string // what fault.New was given; "" when it was made otherwise
}

// library takes the files of packages that users import or that stand behind
// one: programs report their errors to people and need no reasons.
func library(p string) bool {
	top, _, _ := strings.Cut(p, "/")
	return isGo(p) && !isTest(p) && top != "cmd" && top != "examples" && top != "bench"
}

// faultNew returns what fault.New is given when e calls it.
func faultNew(e ast.Expr) (reason, text string, ok bool) {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) != 2 {
		return "", "", false
	}
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || fun.Sel.Name != "New" {
		return "", "", false
	}
	if pkg, ok := fun.X.(*ast.Ident); !ok || pkg.Name != "fault" {
		return "", "", false
	}
	if sel, ok := call.Args[0].(*ast.SelectorExpr); ok {
		reason = strings.TrimPrefix(sel.Sel.Name, "Reason_")
	}
	if lit, ok := call.Args[1].(*ast.BasicLit); ok {
		text, _ = strconv.Unquote(lit.Value)
	}
	return reason, text, true
}

// declared lists the error variables that a file declares at package level.
func declared(fset *token.FileSet, file *ast.File) []sentinel {
	var found []sentinel
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.VAR {
			continue
		}
		for _, spec := range group.Specs {
			values := spec.(*ast.ValueSpec)
			for i, name := range values.Names {
				s := sentinel{pos: fset.Position(name.Pos()), pkg: file.Name.Name, name: name.Name}
				isFault := false
				if i < len(values.Values) {
					s.reason, s.text, isFault = faultNew(values.Values[i])
				}
				if isFault || strings.HasPrefix(name.Name, "Err") {
					found = append(found, s)
				}
			}
		}
	}
	return found
}

// Every error that a caller can tell apart has a reason, so that a client is
// told the right thing when the error leaves the process.
func TestEverySentinelHasAReason(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	sentinels, calls := []sentinel{}, 0
	for _, p := range files(t, library) {
		file := parse(t, fset, p)
		sentinels = append(sentinels, declared(fset, file)...)
		ast.Inspect(file, func(n ast.Node) bool {
			if e, ok := n.(ast.Expr); ok {
				if _, _, ok := faultNew(e); ok {
					calls++
				}
			}
			return true
		})
	}
	texts := map[string]token.Position{}
	for _, s := range sentinels {
		number, known := grpcauthv1.Reason_value[s.reason]
		switch {
		case s.reason == "":
			t.Errorf("%s: %s has no reason: make it with fault.New", s.pos, s.name)
			continue
		case !known || number == 0:
			t.Errorf("%s: %s has the reason %s, which says nothing", s.pos, s.name, s.reason)
		case fault.ReasonOf(fault.New(grpcauthv1.Reason(number), s.text)) != grpcauthv1.Reason(number):
			t.Errorf("%s: %s loses its reason", s.pos, s.name)
		}
		if want := s.pkg + ": "; token.IsExported(s.name) && !strings.HasPrefix(s.text, want) {
			t.Errorf("%s: the text of %s is %q, want it to start with %q", s.pos, s.name, s.text, want)
		}
		if other, taken := texts[s.text]; taken {
			t.Errorf("%s: %s has the text of the sentinel at %s", s.pos, s.name, other)
		}
		texts[s.text] = s.pos
	}
	if calls != len(texts) {
		t.Errorf("%d calls of fault.New for %d sentinels: a sentinel that is no package-level variable can't be compared with", calls, len(texts))
	}
}

// A sentinel that nothing returns misleads whoever checks for it.
func TestEverySentinelIsUsed(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	var sentinels []sentinel
	uses := map[string]int{} // by folder and name, or by package and name
	for _, p := range files(t, library) {
		file := parse(t, fset, p)
		sentinels = append(sentinels, declared(fset, file)...)
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				uses[path.Dir(p)+" "+n.Name]++
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok {
					uses[pkg.Name+"."+n.Sel.Name]++
				}
			}
			return true
		})
	}
	for _, s := range sentinels {
		// One use in the own folder is the declaration.
		if uses[path.Dir(s.pos.Filename)+" "+s.name] < 2 && uses[s.pkg+"."+s.name] == 0 {
			t.Errorf("%s: nothing returns %s", s.pos, s.name)
		}
	}
}
