package otelauth_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/token"
)

// The page's table is what a reader collects after calls of every kind.
func TestPageListsTheInstrumentsThatThereAre(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `(grpcauth\\.[\\w.]+)` \\| (\\w+) \\| `([^`]+)` \\| (.*) \\|\r?$")
	listed := map[string]string{}
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		attributes := strings.Split(strings.ReplaceAll(m[4], "`", ""), ", ")
		slices.Sort(attributes)
		listed[m[1]] = fmt.Sprintf("%s %s %s", m[2], m[3], attributes)
	}
	if all := instruments(t); !maps.Equal(listed, all) {
		t.Errorf("docs/observability.md lists\n%v, want\n%v", listed, all)
	}
}

// instruments are the kind, the unit and the attributes of each.
func instruments(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		list(t, w.conn(), 1)
		stream, err := notesv1.NewNotesServiceClient(w.as(w.issuer.Token(token.Spec{Scopes: []string{"notes.read"}}))).
			WatchNotes(t.Context(), &notesv1.WatchNotesRequest{})
		for err == nil {
			_, err = stream.Recv()
		}
		synctest.Wait()
		for name, m := range collect(t, w.reader) {
			kind, attributes := describe(m.Data)
			found[name] = fmt.Sprintf("%s %s %s", kind, m.Unit, attributes)
		}
	})
	return found
}

func describe(data metricdata.Aggregation) (kind string, attributes []string) {
	names := map[string]bool{}
	add := func(set attribute.Set) {
		for _, kv := range set.ToSlice() {
			names[string(kv.Key)] = true
		}
	}
	switch data := data.(type) {
	case metricdata.Sum[int64]:
		kind = "counter"
		for _, p := range data.DataPoints {
			add(p.Attributes)
		}
	case metricdata.Histogram[float64]:
		kind = "histogram"
		for _, p := range data.DataPoints {
			add(p.Attributes)
		}
	}
	return kind, slices.Sorted(maps.Keys(names))
}
