package promauth_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	dto "github.com/prometheus/client_model/go"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor/internal/labels"
)

// metric is what a registry tells about one, after calls of every kind.
type metric struct {
	kind   string
	labels []string // sorted
}

// registered are the metrics that a server with everything on has.
func registered(t *testing.T) map[string]metric {
	t.Helper()
	found := map[string]metric{}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		list(t, w.server.Anonymous(), 1)
		watch(t, w.server.As("ada", "notes.read"))
		synctest.Wait()
		families, err := w.registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			found[f.GetName()] = metric{kind: strings.ToLower(f.GetType().String()), labels: labelsOf(f)}
		}
	})
	return found
}

func labelsOf(f *dto.MetricFamily) []string {
	names := map[string]bool{}
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			names[l.GetName()] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// series adds the series that a histogram consists of.
func series(all map[string]metric) map[string]metric {
	found := maps.Clone(all)
	for name, m := range all {
		if m.kind == "histogram" {
			found[name+"_bucket"] = metric{labels: append([]string{"le"}, m.labels...)}
			found[name+"_sum"], found[name+"_count"] = m, m
		}
	}
	return found
}

// values are those that the labels with few of them can have.
func values() map[string][]string {
	v := map[string][]string{
		"outcome": {labels.Allowed.String(), labels.Denied.String(), labels.Ended.String(), labels.ReportOnly.String()},
		"cached":  {labels.Hit.String(), labels.Miss.String(), labels.NotProven.String()},
	}
	for number := range grpcauthv1.Reason_name {
		v["reason"] = append(v["reason"], labels.Key{Code: grpcauthv1.Reason(number)}.Reason())
	}
	return v
}

var (
	selector = regexp.MustCompile(`(grpcauth_\w+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
	grouping = regexp.MustCompile(`\bby \(([^)]*)\)`)
)

// check finds what is in an expression and not in the metrics. It returns the
// metrics that the expression uses.
func check(t *testing.T, where, expr string, known map[string]metric) (used []string) {
	t.Helper()
	possible := []string{"job", "instance"} // those of every target
	for _, m := range selector.FindAllStringSubmatch(expr, -1) {
		name, matchers := m[1], m[2]
		if _, ok := known[name]; !ok {
			t.Errorf("%s: %s is no metric of ours", where, name)
		}
		used, possible = append(used, name), append(possible, known[name].labels...)
		for _, m := range matcher.FindAllStringSubmatch(matchers, -1) {
			if !slices.Contains(append([]string{"job", "instance"}, known[name].labels...), m[1]) {
				t.Errorf("%s: %s has no label %s", where, name, m[1])
			}
			checkValue(t, where, m[1], m[3])
		}
	}
	for _, label := range grouped(expr) {
		if !slices.Contains(possible, label) {
			t.Errorf("%s: nothing here has the label %s", where, label)
		}
	}
	return used
}

// grouped are the labels that the sums of an expression keep.
func grouped(expr string) []string {
	var all []string
	for _, m := range grouping.FindAllStringSubmatch(expr, -1) {
		all = append(all, strings.Split(strings.ReplaceAll(m[1], " ", ""), ",")...)
	}
	return all
}

// checkValue takes a value, or a list of patterns of which each must match one.
func checkValue(t *testing.T, where, label, value string) {
	t.Helper()
	can, few := values()[label]
	if !few {
		return
	}
	for pattern := range strings.SplitSeq(value, "|") {
		re := regexp.MustCompile("^(?:" + pattern + ")$")
		if !slices.ContainsFunc(can, re.MatchString) {
			t.Errorf("%s: the label %s is never %s", where, label, pattern)
		}
	}
}

// checkAllUsed finds metrics that nothing shows.
func checkAllUsed(t *testing.T, where string, all map[string]metric, used []string) {
	t.Helper()
	for name := range all {
		if !slices.ContainsFunc(used, func(u string) bool { return u == name || strings.HasPrefix(u, name+"_") }) {
			t.Errorf("%s says nothing of %s", where, name)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}
