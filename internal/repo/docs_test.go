package repo_test

import (
	"strings"
	"testing"
)

// A block in docs that names a file is a copy of it, as in the README.
func TestDocsShowTheExamples(t *testing.T) {
	t.Parallel()
	pages := files(t, func(p string) bool { return strings.HasPrefix(p, "docs/") && strings.HasSuffix(p, ".md") })
	shown := 0
	for _, page := range pages {
		text := read(t, page)
		want := blocks.ReplaceAllStringFunc(text, func(block string) string {
			if !strings.HasPrefix(block, "<!-- file: ") {
				return block
			}
			shown++
			return show(t, block)
		})
		switch {
		case text == want:
		case *update:
			if err := root(t).WriteFile(page, []byte(want), 0o644); err != nil {
				t.Error(err)
			}
		default:
			t.Errorf("%s shows another text than the files it names (make readme copies them):\n%s", page, firstDifference(text, want))
		}
	}
	if shown == 0 {
		t.Error("no page shows an example")
	}
}
