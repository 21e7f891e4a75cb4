package promauth_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// dashboard is what matters to us of Grafana's JSON.
type dashboard struct {
	UID, Title    string
	SchemaVersion int
	Panels        []panel
	Templating    struct{ List []variable }
}

type variable struct {
	Name, Type string
	Datasource source
	Query      json.RawMessage
}

type source struct{ Type, UID string }

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               source
	GridPos                  struct{ X, Y, W, H int }
	FieldConfig              struct{ Defaults struct{ Unit string } }
	Targets                  []target
	Panels                   []panel
}

type target struct {
	RefID, Expr, LegendFormat string
	Datasource                source
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal([]byte(read(t, "../../docs/grafana-dashboard.json")), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Panels) == 0 {
		t.Fatal("the dashboard has no panel")
	}
	return d
}

func TestDashboardShowsTheMetricsThatThereAre(t *testing.T) {
	t.Parallel()
	d, all := readDashboard(t), registered(t)
	known := series(all)
	var used []string
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			used = append(used, check(t, p.Title+" "+q.RefID, q.Expr, known)...)
			for _, label := range inBraces(q.LegendFormat) {
				if !slices.Contains(grouped(q.Expr), label) {
					t.Errorf("%s: the legend names %s, which %s does not keep", p.Title, label, q.Expr)
				}
			}
		}
	}
	checkAllUsed(t, "the dashboard", all, used)
	for _, v := range d.Templating.List {
		query := strings.ReplaceAll(string(v.Query), `\"`, `"`)
		used := check(t, "variable "+v.Name, query, known)
		if m := regexp.MustCompile(`label_values\(.*, (\w+)\)`).FindStringSubmatch(query); m != nil && m[1] != "job" {
			if len(used) != 1 || !slices.Contains(known[used[0]].labels, m[1]) {
				t.Errorf("variable %s: no label %s in %s", v.Name, m[1], query)
			}
		}
	}
}

func inBraces(legend string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(legend, -1) {
		names = append(names, m[1])
	}
	return names
}

// What a team wants to know at a glance has a panel.
func TestDashboardAnswersTheQuestions(t *testing.T) {
	t.Parallel()
	var exprs []string
	for _, p := range readDashboard(t).Panels {
		for _, q := range p.Targets {
			exprs = append(exprs, q.Expr)
		}
	}
	for question, parts := range map[string][]string{
		"how many decisions":        {"sum by (outcome)", "grpcauth_decisions_total"},
		"refusals by reason":        {"sum by (reason)", `outcome="denied"`},
		"refusals by method":        {"sum by (method)", `outcome="denied"`},
		"cache hit ratio":           {`cached="true"`, `cached=~"true|false"`, " / "},
		"latency p50":               {"histogram_quantile(0.5,", "_bucket"},
		"latency p99":               {"histogram_quantile(0.99,", "_bucket"},
		"stream ends":               {"grpcauth_stream_ends_total"},
		"report-only, by reason":    {"sum by (reason)", `outcome="report_only"`},
		"latency, native buckets":   {"rate(grpcauth_decision_duration_seconds{"},
		"what the cache keeps":      {"grpcauth_cache_tokens"},
		"report-only, what exactly": {"sum by (method, reason)", `outcome="report_only"`},
	} {
		if !slices.ContainsFunc(exprs, func(e string) bool {
			return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(e, part) })
		}) {
			t.Errorf("no panel tells %s", question)
		}
	}
}

func TestDashboardIsOneThatGrafanaTakes(t *testing.T) {
	t.Parallel()
	d := readDashboard(t)
	if d.SchemaVersion < 36 || d.UID == "" || d.Title == "" {
		t.Errorf("schema version %d, uid %q, title %q", d.SchemaVersion, d.UID, d.Title)
	}
	variables := []string{"__rate_interval", "__range"}
	for i, v := range d.Templating.List {
		variables = append(variables, v.Name)
		if first := v.Name == "datasource" && v.Type == "datasource" && string(v.Query) == `"prometheus"`; first != (i == 0) {
			t.Errorf("variable %d is %s of type %s: the data source comes first", i, v.Name, v.Type)
		}
		if i > 0 && v.Datasource.UID != "${datasource}" {
			t.Errorf("variable %s asks %q", v.Name, v.Datasource.UID)
		}
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.ID == 0 || p.Title == "" {
			t.Errorf("panel %q has the id %d", p.Title, p.ID)
		}
		ids[p.ID] = true
		p.place(t, taken)
		if p.Type != "row" {
			p.check(t, variables)
		}
	}
}

// place takes the panel's room on the grid.
func (p panel) place(t *testing.T, taken map[[2]int]string) {
	t.Helper()
	if p.GridPos.W < 1 || p.GridPos.H < 1 || p.GridPos.X < 0 || p.GridPos.X+p.GridPos.W > 24 {
		t.Errorf("%s: is at %+v", p.Title, p.GridPos)
	}
	for x := range p.GridPos.W {
		for y := range p.GridPos.H {
			at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
			if other, full := taken[at]; full {
				t.Fatalf("%s lies on %s", p.Title, other)
			}
			taken[at] = p.Title
		}
	}
}

func (p panel) check(t *testing.T, variables []string) {
	t.Helper()
	const chosen = "${datasource}"
	if !slices.Contains([]string{"timeseries", "stat", "table"}, p.Type) {
		t.Errorf("%s: no panel type %q", p.Title, p.Type)
	}
	if p.Description == "" || p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0 || p.Datasource.UID != chosen {
		t.Errorf("%s: description %q, unit %q, %d queries, data source %q", p.Title, p.Description, p.FieldConfig.Defaults.Unit, len(p.Targets), p.Datasource.UID)
	}
	refs := map[string]bool{}
	for _, q := range p.Targets {
		if refs[q.RefID] || q.RefID == "" || q.Datasource != (source{"prometheus", chosen}) || q.Expr == "" {
			t.Errorf("%s: query %+v", p.Title, q)
		}
		refs[q.RefID] = true
		for _, m := range regexp.MustCompile(`\$(\w+)`).FindAllStringSubmatch(q.Expr, -1) {
			if !slices.Contains(variables, m[1]) {
				t.Errorf("%s: no variable %s", p.Title, m[1])
			}
		}
	}
}
