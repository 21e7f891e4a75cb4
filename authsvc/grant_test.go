package authsvc

import (
	"errors"
	"slices"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/token"
)

// checklist: I5
func TestScopesGranted(t *testing.T) {
	t.Parallel()
	ada := Identity{Subject: "u1", Scopes: []string{"read", "write", "write", "purge"}}
	all := Client{ID: "a", AllScopes: true}
	some := Client{ID: "b", Scopes: []string{"write", "read", "pay"}}
	for name, tc := range map[string]struct {
		client Client
		wanted []string
		want   []string
		err    error
	}{
		"nothing asked, every scope allowed":         {client: all, want: []string{"read", "write", "purge"}},
		"nothing asked, the client's and the user's": {client: some, want: []string{"read", "write"}},
		"some asked":                       {client: some, wanted: []string{"read"}, want: []string{"read"}},
		"asked twice":                      {client: all, wanted: []string{"read", "read"}, want: []string{"read"}},
		"more asked than the client may":   {client: some, wanted: []string{"read", "purge"}, want: []string{"read"}},
		"the client's, not the user's":     {client: some, wanted: []string{"pay"}, err: errNotGranted},
		"the user's, not the client's":     {client: some, wanted: []string{"purge"}, err: errNotGranted},
		"nobody's":                         {client: all, wanted: []string{"grpcauth.admin"}, err: errNotGranted},
		"a client without scopes":          {client: Client{ID: "c"}, want: nil},
		"asked of a client without scopes": {client: Client{ID: "c"}, wanted: []string{"read"}, err: errNotGranted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := choose(tc.wanted, tc.client.allowedScopes(ada), "scope")
			if !errors.Is(err, tc.err) || !slices.Equal(got, tc.want) {
				t.Errorf("granted %q, %v; want %q, %v", got, err, tc.want, tc.err)
			}
		})
	}
}

// checklist: I5 R4
func TestScopesRenewed(t *testing.T) {
	t.Parallel()
	session := store.Session{Scopes: []string{"read", "write"}}
	all := Client{ID: "a", AllScopes: true}
	for name, tc := range map[string]struct {
		client Client
		user   []string
		wanted []string
		want   []string
		err    error
	}{
		"as before":                      {client: all, user: []string{"read", "write"}, want: []string{"read", "write"}},
		"the user has more now":          {client: all, user: []string{"read", "write", "purge"}, want: []string{"read", "write"}},
		"the user has less now":          {client: all, user: []string{"read"}, want: []string{"read"}},
		"the user has nothing now":       {client: all, user: nil, want: nil},
		"the client may less now":        {client: Client{Scopes: []string{"write"}}, user: []string{"read", "write"}, want: []string{"write"}},
		"narrowed":                       {client: all, user: []string{"read", "write"}, wanted: []string{"write"}, want: []string{"write"}},
		"widened":                        {client: all, user: []string{"read", "write", "purge"}, wanted: []string{"read", "purge"}, err: errNotGranted},
		"narrowed to what the user lost": {client: all, user: []string{"read"}, wanted: []string{"write"}, err: errNotGranted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := renewScopes(tc.wanted, session, tc.client, Identity{Scopes: tc.user})
			if !errors.Is(err, tc.err) || !slices.Equal(got, tc.want) {
				t.Errorf("granted %q, %v; want %q, %v", got, err, tc.want, tc.err)
			}
		})
	}
}

func TestAudiences(t *testing.T) {
	t.Parallel()
	allowed := []string{"notes", "bank"}
	for name, tc := range map[string]struct {
		wanted, allowed, want []string
		err                   error
	}{
		"none asked":          {nil, allowed, allowed, nil},
		"one asked":           {[]string{"bank"}, allowed, []string{"bank"}, nil},
		"one of two is known": {[]string{"bank", "x"}, allowed, []string{"bank"}, nil},
		"unknown":             {[]string{"x"}, allowed, nil, errNotGranted},
		"none left":           {nil, nil, nil, errNotGranted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := chooseAudiences(tc.wanted, tc.allowed)
			if !errors.Is(err, tc.err) || !slices.Equal(got, tc.want) {
				t.Errorf("granted %q, %v; want %q, %v", got, err, tc.want, tc.err)
			}
		})
	}
}

func TestScopeGrammar(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a", "notes.read", "https://x.example/read:all", "!#[]~"} {
		if !token.IsScope(good) {
			t.Errorf("%q is refused", good)
		}
	}
	for _, bad := range []string{"", " ", "a b", "a\tb", `a"b`, `a\b`, "é", "a\x7f", "a\x00"} {
		if token.IsScope(bad) {
			t.Errorf("%q is taken", bad)
		}
	}
}
