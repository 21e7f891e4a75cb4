package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

func TestWhatAClientMayBeGrantedIsChanged(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]func() string{
		"SQLite":     func() string { return filepath.Join(t.TempDir(), "grpcauth.db") },
		"PostgreSQL": func() string { return testkit.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			db := at()
			addClient(t, db, "crawler", "--name", "The crawler", "--service", "--scope", "a", "--target-audience", "notes", "--certificate-bound")
			before, _ := storedClient(t, db, "crawler")
			for _, step := range []struct {
				args   []string
				shown  string
				reason string // "" for no entry
				want   func(*store.Client)
			}{
				{[]string{"--scope", "a,b", "--scope", "grpcauth.introspect", "--serves", "search"}, "a b grpcauth.introspect", "scopes: a b grpcauth.introspect; serves: search", func(c *store.Client) {
					c.Scopes, c.Serves = []string{"a", "b", "grpcauth.introspect"}, []string{"search"}
				}},
				{[]string{"--serves", "search"}, "a b grpcauth.introspect", "", func(*store.Client) {}},
				{[]string{"--all-audiences"}, "a b grpcauth.introspect", "all audiences", func(c *store.Client) { c.Audiences = nil }},
				{[]string{"--scope", "", "--serves", "", "--target-audience", "x"}, "-", "scopes: -; audiences: x; serves: -", func(c *store.Client) {
					c.Scopes, c.Serves, c.Audiences = nil, nil, []string{"x"}
				}},
			} {
				_, logBefore := storedClient(t, db, "crawler")
				got := clientsOf(t, db, append([]string{"set", "crawler"}, step.args...)...)
				if got.code != exitOK || !strings.Contains(got.stdout, "\nscopes             "+step.shown+"\n") {
					t.Fatalf("%q: got %+v", step.args, got)
				}
				step.want(&before)
				after, log := storedClient(t, db, "crawler")
				if !slices.Equal(after.Scopes, before.Scopes) || !slices.Equal(after.Audiences, before.Audiences) || !slices.Equal(after.Serves, before.Serves) ||
					after.Name != before.Name || !after.CertificateBound || len(after.Secrets) != 1 {
					t.Errorf("%q: kept %+v, want %+v", step.args, after, before)
				}
				log = log[len(logBefore):]
				if step.reason == "" != (len(log) == 0) || len(log) == 1 && (log[0].Kind != "client_changed" || log[0].Reason != step.reason || log[0].Actor != operator) {
					t.Errorf("%q: recorded %+v", step.args, log)
				}
			}
		})
	}
}

func TestAnAppIsGrantedAllOfItsUserAndNoLonger(t *testing.T) {
	t.Parallel()
	s := newFileSite(t)
	addClient(t, s.store, "app", "--users", "--all-scopes")
	session := s.session(1, "ada", "")
	for _, step := range []struct {
		args []string
		all  bool
		list []string
	}{
		{[]string{"--scope", "notes.read"}, false, []string{"notes.read"}},
		{[]string{"--all-scopes"}, true, nil},
	} {
		s.run("", exitOK, append([]string{"client", "set", "app"}, step.args...)...)
		if c, _ := storedClient(t, s.store, "app"); c.AllScopes != step.all || !slices.Equal(c.Scopes, step.list) {
			t.Errorf("%q: kept %+v", step.args, c)
		}
	}
	s.with(func(st store.Store) {
		if got, err := st.Session(t.Context(), session); err != nil || !got.RevokedAt.IsZero() {
			t.Errorf("the session was ended at %v, %v", got.RevokedAt, err)
		}
	})
}
