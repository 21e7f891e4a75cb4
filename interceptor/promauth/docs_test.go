package promauth_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The page's table is what a registry tells.
func TestPageListsTheMetricsThatThereAre(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile("(?m)^\\| `(grpcauth_\\w+)` \\| (\\w+) \\|([^|]*)\\|")
	listed, all := map[string]metric{}, registered(t)
	for _, m := range row.FindAllStringSubmatch(read(t, "../../docs/observability.md"), -1) {
		names := regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(m[3], -1)
		var found []string
		for _, n := range names {
			found = append(found, n[1])
		}
		slices.Sort(found)
		listed[m[1]] = metric{kind: m[2], labels: found}
	}
	if !maps.EqualFunc(listed, all, func(a, b metric) bool { return a.kind == b.kind && slices.Equal(a.labels, b.labels) }) {
		t.Errorf("docs/observability.md lists\n%v, want\n%v", listed, all)
	}
}

func TestAlertsAskForMetricsThatThereAre(t *testing.T) {
	t.Parallel()
	known := series(registered(t))
	text := read(t, "../../docs/prometheus-alerts.yaml")
	rules := strings.Split(text, "- alert: ")[1:]
	if len(rules) < 3 {
		t.Fatalf("found %d alerts", len(rules))
	}
	for _, rule := range rules {
		name, rest, _ := strings.Cut(rule, "\n")
		expr, rest, ok := strings.Cut(rest, "\n        labels:")
		if !ok || !strings.Contains(rest, "severity: ") || !strings.Contains(rest, "summary: ") {
			t.Errorf("%s has no severity or no summary", name)
		}
		if len(check(t, name, expr, known)) == 0 {
			t.Errorf("%s asks for nothing of ours", name)
		}
		for _, m := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(rest, -1) {
			if !slices.Contains(grouped(expr), m[1]) {
				t.Errorf("%s: the text names %s, which the expression does not keep", name, m[1])
			}
		}
	}
}
