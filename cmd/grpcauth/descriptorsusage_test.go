package main

import (
	"strings"
	"testing"
)

// A file of descriptors or a server is needed, and not both.
func TestUsageSaysThatOneOfSeveralFlagsIsNeeded(t *testing.T) {
	t.Parallel()
	const origin = "(--descriptor-set=FILE | --reflect=ADDR) [flags]"
	const missing = "one of --descriptor-set=FILE and --reflect=ADDR"
	for command, c := range map[string]struct{ usage, missing string }{
		"rules": {origin, missing},
		"init":  {origin, missing},
		"explain": {
			"--method=/PKG.SVC/METHOD --issuer=URL --audience=AUDIENCE,... " + origin,
			"--audience=AUDIENCE,..., " + missing + ", --issuer=URL, --method=/PKG.SVC/METHOD",
		},
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			help := runWith(t, "", nil, command, "--help")
			if usage, _, _ := strings.Cut(help.stdout, "\n"); help.code != exitOK || usage != "Usage: grpcauth "+command+" "+c.usage {
				t.Errorf("exit %d, %q", help.code, usage)
			}
			want := outcome{exitUsage, "", "grpcauth: missing flags: " + c.missing + " (see grpcauth " + command + " --help)\n"}
			if got := runWith(t, "", nil, command); got != want {
				t.Errorf("got %+v", got)
			}
		})
	}
}
