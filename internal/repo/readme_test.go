package repo_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// A block of the README that shows code is a copy of a file, or of a region
// of one, and says which in the line before it:
//
//	<!-- file: examples/quickstart/main.go -->
//	<!-- file: examples/notes/main.go#guard -->
//
// A region stands between `// readme:start guard` and `// readme:end`. Blank
// lines around it, its indent and such marks are not shown.
var (
	blocks = regexp.MustCompile("(?ms)^(?:<!-- file: (\\S+) -->\\n+)?```(\\w+)\\n(.*?)^```$")
	marks  = regexp.MustCompile(`(?m)^[ \t]*// readme:(?:start \S+|end)\n`)
)

// region cuts out what stands between the marks of a name; "" is all of it.
func region(text, name string) (string, error) {
	if name != "" {
		_, after, ok := strings.Cut(text, "// readme:start "+name+"\n")
		if !ok {
			return "", fmt.Errorf("no line says readme:start %s", name)
		}
		inside, _, ok := strings.Cut(after, "// readme:end\n")
		if !ok {
			return "", fmt.Errorf("no line says readme:end after readme:start %s", name)
		}
		// What is left of the line with the end mark is its indent.
		text = outdent(strings.Trim(inside[:strings.LastIndex(inside, "\n")+1], "\n") + "\n")
	}
	return marks.ReplaceAllString(text, ""), nil
}

// outdent takes the indent of the first line from every line.
func outdent(text string) string {
	indent := text[:len(text)-len(strings.TrimLeft(text, "\t "))]
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, indent)
	}
	return strings.Join(lines, "")
}

// update makes the test write what it would compare with: `make readme`.
var update = flag.Bool("update", false, "write the examples into the README")

// show returns the block as it should stand.
func show(t *testing.T, block string) string {
	t.Helper()
	m := blocks.FindStringSubmatch(block)
	source, language, code := m[1], m[2], m[3]
	if source == "" {
		if language == "go" {
			t.Errorf("a block of Go says not what file it is from:\n%s", code)
		}
		return block
	}
	file, name, _ := strings.Cut(source, "#")
	want, err := region(read(t, file), name)
	if err != nil {
		t.Errorf("%s: %v", source, err)
		return block
	}
	return fmt.Sprintf("<!-- file: %s -->\n```%s\n%s```", source, language, want)
}

func TestReadmeShowsTheExamples(t *testing.T) {
	t.Parallel()
	if _, err := root(t).Stat("README.md"); errors.Is(err, fs.ErrNotExist) {
		t.Log("there is no README yet")
		return
	}
	text := read(t, "README.md")
	want := blocks.ReplaceAllStringFunc(text, func(block string) string { return show(t, block) })
	switch {
	case !strings.Contains(text, "<!-- file: "):
		t.Error("the README shows no example")
	case text == want:
	case *update:
		if err := root(t).WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Error(err)
		}
	default:
		t.Errorf("the README shows another text than the files it names (make readme copies them):\n%s", firstDifference(text, want))
	}
}

// firstDifference names the first line where two texts part.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d: %s\nwant:   %s", i+1, g[i], w[i])
		}
	}
	return "one of them ends early"
}

func TestRegion(t *testing.T) {
	t.Parallel()
	const text = "package p\n\nfunc f() {\n\t// readme:start a\n\n\tx := 1\n\tif x > 0 {\n\t\tg()\n\t}\n\t// readme:end\n}\n"
	for name, want := range map[string]string{
		"a": "x := 1\nif x > 0 {\n\tg()\n}\n",
		"":  "package p\n\nfunc f() {\n\n\tx := 1\n\tif x > 0 {\n\t\tg()\n\t}\n}\n",
	} {
		if got, err := region(text, name); err != nil || got != want {
			t.Errorf("region %q = %q, %v", name, got, err)
		}
	}
	if _, err := region(text, "b"); err == nil {
		t.Error("a region that is not there was found")
	}
	if _, err := region("// readme:start a\n", "a"); err == nil {
		t.Error("a region without an end was found")
	}
}
