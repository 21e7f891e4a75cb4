package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionTellsWhatTheBuildKnows(t *testing.T) {
	t.Parallel()
	vcs := func(revision, modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: revision}, {Key: "vcs.modified", Value: modified}}
	}
	for _, c := range []struct {
		info debug.BuildInfo
		want string
	}{
		{debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "v1.2.3"},
		{debug.BuildInfo{}, "(devel)"},
		{debug.BuildInfo{Settings: vcs("0123456789abcdef", "false")}, "(devel) (commit 0123456789ab)"},
		{debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: vcs("01234", "true")}, "v1.2.3 (commit 01234, modified)"},
	} {
		if got := describeBuild(&c.info); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if got := runWith(t, "", nil, "version"); got.code != exitOK || !strings.HasPrefix(got.stdout, "grpcauth ") || strings.Count(got.stdout, "\n") != 1 {
		t.Errorf("got %+v", got)
	}
}
