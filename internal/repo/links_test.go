package repo_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/internal/testkit"
)

// What an application does not import it does not link: metrics are in the
// packages that have their name, and nowhere below a server or a client.
func TestMetricsAreLinkedByTheirAdaptersOnly(t *testing.T) {
	t.Parallel()
	const prometheus, otel = "github.com/prometheus/", "go.opentelemetry.io/"
	for pkg, may := range map[string][]string{
		"./token": nil, "./revocation": nil, "./interceptor": nil, "./authclient": nil, "./authsvc": nil, "./authtest": nil,
		"./interceptor/promauth": {prometheus},
		"./interceptor/otelauth": {otel},
	} {
		t.Run(pkg, func(t *testing.T) {
			t.Parallel()
			links := dependencies(t, pkg)
			for _, library := range []string{prometheus, otel} {
				allowed := len(may) > 0 && may[0] == library
				if linked := strings.Contains(links, "\n"+library); linked != allowed {
					t.Errorf("%s links %s: %t", pkg, library, linked)
				}
			}
		})
	}
}

// dependencies are the packages that one is built from, a line each.
func dependencies(t *testing.T, pkg string) string {
	t.Helper()
	dir, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), testkit.Require(t, "go"), "list", "-deps", pkg)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	return "\n" + string(out)
}
