package token_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

// proven are the claims of a token with that payload.
func proven(t *testing.T, payload string) *token.Claims {
	t.Helper()
	h := hands()[3]
	claims, err := verify(h.verifier(), h.token(payload))
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

func Test36ScopeAsStringOrList(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		scope string // as JSON, "" for none
		want  []string
	}{
		"a string":                   {`"a b.c d:e"`, []string{"a", "b.c", "d:e"}},
		"a list":                     {`["a","b.c","d:e"]`, []string{"a", "b.c", "d:e"}},
		"one":                        {`"a"`, []string{"a"}},
		"too many spaces":            {`"  a   b "`, []string{"a", "b"}},
		"only spaces":                {`"  "`, nil},
		"an empty string":            {`""`, nil},
		"an empty list":              {`[]`, nil},
		"none":                       {``, nil},
		"escaped":                    {`"\u0061 b"`, []string{"a", "b"}},
		"an escaped space separates": {`"a\u0020b"`, []string{"a", "b"}},
		"a tab does not":             {`"a\tb"`, []string{"a\tb"}},
		"nor a space inside a list":  {`["a b"]`, []string{"a b"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := payload(nil)
			if tc.scope != "" {
				p = with(`"scope":` + tc.scope)
			}
			c := proven(t, p)
			if got := c.Scopes(); !slices.Equal(got, tc.want) {
				t.Errorf("scopes = %q, want %q", got, tc.want)
			}
			for _, scope := range []string{"a", "b", "b.c", "d:e", "a\tb", "a b", "", " ", "A"} {
				if got, want := c.HasScope(scope), slices.Contains(tc.want, scope); got != want {
					t.Errorf("HasScope(%q) = %t, want %t", scope, got, want)
				}
			}
		})
	}
}

func TestRolesAndAudiences(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		roles string // as JSON
		want  []string
	}{
		"a list":            {`["admin","editor"]`, []string{"admin", "editor"}},
		"a string is one":   {`"admin editor"`, []string{"admin editor"}},
		"an empty list":     {`[]`, nil},
		"escaped":           {`["\u0061dmin"]`, []string{"admin"}},
		"an empty one":      {`[""]`, []string{""}},
		"a list of strings": {`["[\"admin\"]"]`, []string{`["admin"]`}},
	} {
		t.Run(name, func(t *testing.T) {
			c := proven(t, with(`"roles":`+tc.roles))
			if got := c.Roles(); !slices.Equal(got, tc.want) {
				t.Errorf("roles = %q, want %q", got, tc.want)
			}
			for _, role := range []string{"admin", "editor", "admin editor", "Admin", "adm"} {
				if got, want := c.HasRole(role), slices.Contains(tc.want, role); got != want {
					t.Errorf("HasRole(%q) = %t, want %t", role, got, want)
				}
			}
			if c.HasRole("") || c.HasAudience("") {
				t.Error("the token holds nothing by the name of nothing")
			}
		})
	}
}

func TestSlicesAreCopies(t *testing.T) {
	t.Parallel()
	c := proven(t, with(`"scope":["a"],"roles":["a"],"amr":["a"]`))
	for _, list := range []func() []string{c.Audience, c.Scopes, c.Roles, c.AMR} {
		list()[0] = "changed"
		if list()[0] == "changed" {
			t.Error("a caller can change the claims")
		}
	}
}

func TestBound(t *testing.T) {
	t.Parallel()
	for cnf, want := range map[string]bool{
		`"cnf":{"x5t#S256":"A"}`: true, `"cnf":null`: true, `"cnf":5`: true, `"CNF":{}`: false, `"a":{"cnf":{}}`: false,
	} {
		if got := proven(t, with(cnf)).Bound(); got != want {
			t.Errorf("%s: bound = %t", cnf, got)
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	c := proven(t, with(`"realm":{"tier":"g\u006fld"},"SUB":"admin"`))
	var into struct {
		Subject string `json:"sub"`
		Realm   struct {
			Tier string `json:"tier"`
		} `json:"realm"`
	}
	if err := c.Decode(&into); err != nil || into.Subject != "user-1" || into.Realm.Tier != "gold" {
		t.Errorf("decoded %+v, %v", into, err)
	}
	var all map[string]any
	if err := c.Decode(&all); err != nil || all["SUB"] != "admin" || all["iss"] != issuerName {
		t.Errorf("decoded %v, %v", all, err)
	}
	var wrong struct {
		Subject int `json:"sub"`
	}
	if err := c.Decode(&wrong); err == nil || strings.Contains(err.Error(), "user-1") {
		t.Errorf("error = %v", err)
	}
}

// Nobody but a verifier and an issuer makes claims that say anything.
func TestTheZeroClaimsSayNothing(t *testing.T) {
	t.Parallel()
	c := new(token.Claims)
	if c.Subject() != "" || c.HasScope("a") || c.HasRole("a") || c.HasAudience("a") || c.Claim("a").Exists() || c.Claim("").Exists() || c.Claim("/").Exists() ||
		c.Scopes() != nil || c.Bound() || !c.ExpiresAt().IsZero() {
		t.Error("it says something")
	}
	var all map[string]any
	if err := c.Decode(&all); err != nil || len(all) != 0 {
		t.Errorf("decoded %v, %v", all, err)
	}
}

func TestLookingUpDoesNotAllocate(t *testing.T) {
	c := proven(t, with(nestedClaims+`,"scope":"a b c","roles":["x","y"]`))
	for name, look := range map[string]func() bool{
		"HasScope":         func() bool { return c.HasScope("c") && !c.HasScope("d") },
		"HasRole":          func() bool { return c.HasRole("y") && !c.HasRole("z") },
		"HasAudience":      func() bool { return c.HasAudience(audience) },
		"Claim, dotted":    func() bool { s, _ := c.Claim("realm.tier").Text(); return s == "gold" },
		"Claim, pointer":   func() bool { n, _ := c.Claim("/realm/groups/1/n").Int(); return n == 2 },
		"Claim, URL":       func() bool { s, _ := c.Claim("/https:~1~1example.com~1x").Text(); return s == "url" },
		"Claim, escaped":   func() bool { s, _ := c.Claim("escaped").Text(); return s == "q\"é\n" },
		"Claim, absent":    func() bool { return !c.Claim("realm.nothing").Exists() },
		"Number":           func() bool { n, _ := c.Claim("realm.a.b.c").Number(); return n == 1 },
		"Len":              func() bool { return c.Claim("list").Len() == 11 },
		"Items":            func() bool { return countItems(c.Claim("list")) == 11 },
		"Subject and more": func() bool { return c.Subject() != "" && c.Issuer() != "" && !c.ExpiresAt().IsZero() },
	} {
		t.Run(name, func(t *testing.T) {
			if !look() {
				t.Fatal("the look-up is wrong")
			}
			if n := testing.AllocsPerRun(100, func() { look() }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

func countItems(v token.Value) (n int) {
	for range v.Items() {
		n++
	}
	return n
}

func TestVerifyAllocatesLittle(t *testing.T) {
	h := hands()[0]
	v, raw := h.verifier(), h.token(with(`"scope":"a b","roles":["x"]`))
	least := math.Inf(1) // the race detector makes a pool lose things at times
	for range 100 {
		least = min(least, testing.AllocsPerRun(1, func() { _ = must(verify(v, raw)) }))
	}
	if least > 5 {
		t.Errorf("%v allocations, want at most 5", least)
	}
}
