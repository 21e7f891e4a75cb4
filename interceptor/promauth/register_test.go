package promauth_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/interceptor/promauth"
)

func TestNamesAreAsPrometheusHasThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list(t, w.server.As("ada", "notes.read"), 1)
	problems, err := testutil.GatherAndLint(w.registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("GatherAndLint = %v, %v", problems, err)
	}
}

func TestWhatCanNotBeRegisteredIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	twice := func(reg prometheus.Registerer) error { _, err := promauth.New(reg); return err }
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"no registry":           {twice(nil), "promauth: there is no registry: pass prometheus.DefaultRegisterer, or one of yours"},
		"twice":                 {twice(w.registry), "promauth: register the metrics of decisions (guards may share one observer): "},
		"a cache, no registry":  {promauth.RegisterCache(nil, w.server.Guard()), "promauth: there is no registry: pass prometheus.DefaultRegisterer, or one of yours"},
		"a cache without guard": {promauth.RegisterCache(w.registry, nil), "promauth: there is no guard: call RegisterCache with what interceptor.New returned"},
		"a cache twice":         {promauth.RegisterCache(w.registry, w.server.Guard()), "promauth: register the metrics of a cache (a second guard needs prometheus.WrapRegistererWith): "},
	} {
		if tc.err == nil || !strings.HasPrefix(tc.err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, tc.err, tc.want)
		}
	}
}

func TestServersAreToldApartByALabel(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	for _, name := range []string{"public", "admin"} {
		observe, err := promauth.New(prometheus.WrapRegistererWith(prometheus.Labels{"server": name}, registry))
		if err != nil {
			t.Fatal(err)
		}
		observe(t.Context(), interceptor.Decision{Method: "/a.B/C", Registered: true})
	}
	var servers []string
	for _, m := range (&world{registry: registry}).family(t, "grpcauth_decisions_total").GetMetric() {
		servers = append(servers, m.GetLabel()[len(m.GetLabel())-1].GetValue())
	}
	if !slices.Equal(servers, []string{"admin", "public"}) {
		t.Errorf("servers = %q", servers)
	}
}
