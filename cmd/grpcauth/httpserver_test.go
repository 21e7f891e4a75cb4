package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store/memory"
)

func TestHTTPServesTheKeysAndTheProbesAndNothingElse(t *testing.T) {
	t.Parallel()
	const jwks = `{"keys":[]}`
	const meta = `{"issuer":"https://auth.test","jwks_uri":"https://auth.test/.well-known/jwks.json",` +
		`"response_types_supported":["none"],"grant_types_supported":["refresh_token"]}`
	ready := func(context.Context) error { return nil }
	srv := newHTTP(testIssuer, []byte(jwks), ready, slog.New(slog.DiscardHandler))
	for _, c := range []struct {
		method, path string
		status       int
		body         string
		header       [2]string
	}{
		{"GET", "/.well-known/jwks.json", 200, jwks, [2]string{"Content-Type", "application/jwk-set+json"}},
		{"GET", "/.well-known/jwks.json", 200, jwks, [2]string{"Cache-Control", "public, max-age=300"}},
		{"HEAD", "/.well-known/jwks.json", 200, "", [2]string{}},
		{"POST", "/.well-known/jwks.json", 405, "Method Not Allowed\n", [2]string{"Allow", "GET, HEAD"}},
		{"GET", oauthMetadata, 200, meta, [2]string{"Content-Type", "application/json"}},
		{"GET", oauthMetadata, 200, meta, [2]string{"Cache-Control", "public, max-age=300"}},
		{"POST", oauthMetadata, 405, "Method Not Allowed\n", [2]string{"Allow", "GET, HEAD"}},
		{"GET", oauthMetadata + "/", 404, "404 page not found\n", [2]string{}},
		{"GET", "/.well-known/openid-configuration", 404, "404 page not found\n", [2]string{}},
		{"GET", "/healthz", 200, "ok\n", [2]string{"Cache-Control", "no-store"}},
		{"GET", "/readyz", 200, "ok\n", [2]string{"Cache-Control", "no-store"}},
		{"GET", "/", 404, "404 page not found\n", [2]string{}},
		{"GET", "/healthz/", 404, "404 page not found\n", [2]string{}},
		{"GET", "/debug/pprof/", 404, "404 page not found\n", [2]string{}},
	} {
		got := httptest.NewRecorder()
		srv.Handler.ServeHTTP(got, httptest.NewRequest(c.method, c.path, nil))
		body := got.Body.String()
		if c.method == "HEAD" {
			body = "" // the server leaves it out, the recorder does not
		}
		if got.Code != c.status || body != c.body {
			t.Errorf("%s %s: got %d %q", c.method, c.path, got.Code, body)
		}
		if name := c.header[0]; got.Header().Get(name) != c.header[1] && name != "" {
			t.Errorf("%s %s: %s is %q", c.method, c.path, name, got.Header().Get(name))
		}
	}
	if srv.ReadHeaderTimeout == 0 || srv.ReadTimeout == 0 || srv.WriteTimeout == 0 || srv.IdleTimeout == 0 {
		t.Error("a slow client can hold a connection for ever")
	}
}

func TestReadinessFollowsTheStoreAndTheEnd(t *testing.T) {
	t.Parallel()
	st := memory.New()
	var logged strings.Builder
	s := &servers{}
	probe := func() int {
		got := httptest.NewRecorder()
		ready := func(ctx context.Context) error { return s.ready(ctx, st) }
		newHTTP(testIssuer, nil, ready, newLogger(&logged, "info", "text")).Handler.ServeHTTP(got, httptest.NewRequest("GET", "/readyz", nil))
		return got.Code
	}
	if got := probe(); got != http.StatusOK {
		t.Errorf("at first: %d", got)
	}
	s.draining.Store(true)
	if got := probe(); got != http.StatusServiceUnavailable || !strings.Contains(logged.String(), errDraining.Error()) {
		t.Errorf("while it ends: %d, logged %s", got, logged.String())
	}
	s.draining.Store(false)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if got := probe(); got != http.StatusServiceUnavailable || !strings.Contains(logged.String(), "it is closed") {
		t.Errorf("without its store: %d, logged %s", got, logged.String())
	}
}
