package repo_test

import (
	"slices"
	"testing"
)

// The guides show nothing that was not compiled or did not come from a server:
// all of their blocks are copies, but for what a reader types into a shell or a
// configuration.
func TestGuidesShowNothingElse(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"docs/writing-rules.md", "docs/moving-in.md"} {
		all := blocks.FindAllStringSubmatch(read(t, page), -1)
		if len(all) == 0 {
			t.Errorf("%s shows nothing", page)
		}
		for _, m := range all {
			source, language, code := m[1], m[2], m[3]
			if source == "" && !slices.Contains([]string{"sh", "yaml", "promql"}, language) {
				t.Errorf("%s: a block of %s says not what file it is from:\n%s", page, language, code)
			}
		}
	}
}
