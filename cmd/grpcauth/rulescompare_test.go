package main

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// texts are "field: text" of the changes that open, or of those that close.
func texts(changes []change, opens bool) []string {
	var all []string
	for _, c := range changes {
		if c.Opens == opens {
			all = append(all, c.label()+c.Text.String())
		}
	}
	return all
}

// Each row holds for both directions: what opens one way closes the other.
func TestRulesDiffOfEveryField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, narrow, wide string
		opens, closes      []string
	}{
		{"public", "", "public: true", []string{"public: no token is read any more"}, []string{"public: a token is read"}},
		{"public, over requirements", "scopes: 'a' roles: 'b'", "public: true", []string{"public: no token is read any more"}, []string{"public: a token is read"}},
		{"public, over optional", "optional: true", "public: true", []string{"public: no token is read any more"}, []string{"public: a token is read"}},
		{"optional", "", "optional: true", []string{"optional: callers without a token are let in"}, []string{"optional: a token is needed"}},
		{"issuers, one more", "issuers: 'a'", "issuers: 'b' issuers: 'a'", []string{"issuers: issuer b is accepted too"}, []string{"issuers: issuer b is no longer accepted"}},
		{"issuers, emptied", "issuers: 'a' issuers: 'b'", "", []string{"issuers: issuer a or b is no longer needed"}, []string{"issuers: issuer a or b is needed"}},
		{"kinds, one more", "kinds: 'a+jwt'", "kinds: 'a+jwt' kinds: 'b+jwt'", []string{"kinds: kind b+jwt is accepted too"}, []string{"kinds: kind b+jwt is no longer accepted"}},
		{"kinds, besides the access token that none means", "", "kinds: 'at+jwt' kinds: 'b+jwt'", []string{"kinds: kind b+jwt is accepted too"}, []string{"kinds: kind b+jwt is no longer accepted"}},
		{"scopes", "scopes: 'a' scopes: 'b'", "scopes: 'b'", []string{"scopes: scope a is no longer needed"}, []string{"scopes: scope a is needed"}},
		{"scopes, the last", "scopes: 'a'", "", []string{"scopes: scope a is no longer needed"}, []string{"scopes: scope a is needed"}},
		{"any_scopes, one more", "any_scopes: 'a'", "any_scopes: 'a' any_scopes: 'b'", []string{"any_scopes: scope b is enough too"}, []string{"any_scopes: scope b is no longer enough"}},
		{"any_scopes, emptied", "any_scopes: 'a'", "", []string{"any_scopes: scope a is no longer needed"}, []string{"any_scopes: scope a is needed"}},
		{"roles, one more", "roles: 'a'", "roles: 'a' roles: 'b'", []string{"roles: role b is enough too"}, []string{"roles: role b is no longer enough"}},
		{"roles, emptied", "roles: 'a' roles: 'b'", "", []string{"roles: role a or b is no longer needed"}, []string{"roles: role a or b is needed"}},
		{"deny_roles", "deny_roles: 'a' deny_roles: 'b'", "deny_roles: 'b'", []string{"deny_roles: role a is no longer refused"}, []string{"deny_roles: role a is refused"}},
		{
			"claims", "claims: {path: 'p' string_value: '1'} claims: {path: 'p' number_value: 1}", "claims: {path: 'p' number_value: 1}",
			[]string{`claims: claim p = "1" is no longer needed`},
			[]string{`claims: claim p = "1" is needed`},
		},
		{"bind", "bind: {claim: 'sub' field: 'user'}", "", []string{"bind: claim sub = user of the request is no longer needed"}, []string{"bind: claim sub = user of the request is needed"}},
		{
			"override, a role", "scopes: 'a'", "scopes: 'a' override: {roles: 'r'}",
			[]string{"override: role r lifts the other requirements"},
			[]string{"override: role r no longer lifts the other requirements"},
		},
		{
			"override, a scope more", "roles: 'a' override: {roles: 'r'}", "roles: 'a' override: {scopes: 'r' roles: 'r'}",
			[]string{"override: scope r lifts the other requirements"},
			[]string{"override: scope r no longer lifts the other requirements"},
		},
		{
			"override, a claim more", "bind: {claim: 'sub' field: 'user'} override: {roles: 'r'}", "bind: {claim: 'sub' field: 'user'} override: {roles: 'r' claims: {path: 'p' bool_value: true}}",
			[]string{"override: claim p = true lifts the other requirements"},
			[]string{"override: claim p = true no longer lifts the other requirements"},
		},
		{
			"max_auth_age, longer", "max_auth_age: {seconds: 90}", "max_auth_age: {seconds: 3600}",
			[]string{"max_auth_age: a login may be 1h ago, not 1m30s"},
			[]string{"max_auth_age: a login may be 1m30s ago, not 1h"},
		},
		{
			"max_auth_age, removed", "max_auth_age: {seconds: 600}", "",
			[]string{"max_auth_age: a login may be any time ago, not at most 10m"},
			[]string{"max_auth_age: a login may be at most 10m ago"},
		},
		{
			"sender_constrained", "sender_constrained: true", "",
			[]string{"sender_constrained: the token need not be bound to the caller's TLS certificate any more"},
			[]string{"sender_constrained: the token must be bound to the caller's TLS certificate"},
		},
		{"skip_revocation", "", "skip_revocation: true", []string{"skip_revocation: revocation is not looked up any more"}, []string{"skip_revocation: revocation is looked up"}},
		{"skip_revocation, over when_stale", "when_stale: WHEN_STALE_DENY", "skip_revocation: true", []string{"skip_revocation: revocation is not looked up any more"}, []string{"skip_revocation: revocation is looked up"}},
		{
			"stream_lifetime", "stream_lifetime: STREAM_LIFETIME_TOKEN", "stream_lifetime: STREAM_LIFETIME_SESSION",
			[]string{"stream_lifetime: a stream outlives its token while the session stands"},
			[]string{"stream_lifetime: a stream ends with its token"},
		},
		{
			"when_stale, from deny to the default", "when_stale: WHEN_STALE_DENY", "",
			[]string{"when_stale: while revocations are out of date callers are treated as the server's default says, not refused"},
			[]string{"when_stale: while revocations are out of date callers are refused, not treated as the server's default says"},
		},
		{
			"when_stale, from the default to allow", "", "when_stale: WHEN_STALE_ALLOW",
			[]string{"when_stale: while revocations are out of date callers are let in, not treated as the server's default says"},
			[]string{"when_stale: while revocations are out of date callers are treated as the server's default says, not let in"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			narrow, wide := ruleOf(t, c.narrow), ruleOf(t, c.wide)
			forth, back := compareRules(narrow, wide), compareRules(wide, narrow)
			if got := texts(forth, true); !slices.Equal(got, c.opens) || len(forth) != len(got) {
				t.Errorf("one way: got %q of %d changes", got, len(forth))
			}
			if got := texts(back, false); !slices.Equal(got, c.closes) || len(back) != len(got) {
				t.Errorf("the other way: got %q of %d changes", got, len(back))
			}
		})
	}
}

func TestRulesDiffOfWhatOpensAndCloses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, was, now string
		opens, closes  []string
	}{
		{"a scope is another", "scopes: 'a'", "scopes: 'b'", []string{"scopes: scope a is no longer needed"}, []string{"scopes: scope b is needed"}},
		{"a kind is another than the access token", "", "kinds: 'b+jwt'", []string{"kinds: kind b+jwt is accepted too"}, []string{"kinds: kind at+jwt is no longer accepted"}},
		{"a requirement comes with an override of it", "", "bind: {claim: 'sub' field: 'user'} override: {roles: 'admin'}", nil, []string{"bind: claim sub = user of the request is needed"}},
		{"a requirement goes with its override", "roles: 'a' override: {roles: 'admin'}", "", []string{"roles: role a is no longer needed"}, nil},
		{
			"an override lifts a requirement that was there before", "scopes: 'a'", "scopes: 'a' roles: 'b' override: {roles: 'admin'}",
			[]string{"override: role admin lifts the other requirements"},
			[]string{"roles: role b is needed"},
		},
		{"a claim has another type", "claims: {path: 'p' bool_value: true}", "claims: {path: 'p' string_value: 'true'}", []string{"claims: claim p = true is no longer needed"}, []string{`claims: claim p = "true" is needed`}},
		{"order and repetition", "roles: 'a' roles: 'b' scopes: 'x'", "scopes: 'x' scopes: 'x' roles: 'b' roles: 'a'", nil, nil},
		{"defaults written out", "", "kinds: 'application/AT+jwt' stream_lifetime: STREAM_LIFETIME_TOKEN", nil, nil},
		{"public as before", "public: true", "public: true", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			changes := compareRules(ruleOf(t, c.was), ruleOf(t, c.now))
			if got := texts(changes, true); !slices.Equal(got, c.opens) {
				t.Errorf("opened %q", got)
			}
			if got := texts(changes, false); !slices.Equal(got, c.closes) {
				t.Errorf("closed %q", got)
			}
		})
	}
}

func TestRulesDiffOfWholeMethods(t *testing.T) {
	t.Parallel()
	rule := func(text string) *methodRule {
		return &methodRule{Method: "/s/m", Source: fromMethod, Rule: ruleOf(t, text)}
	}
	broken := func(text string) *methodRule { r := rule(text); r.Problems = []string{"so"}; return r }
	none, infra := &methodRule{Source: fromNowhere}, &methodRule{Source: infrastructure}
	for _, c := range []struct {
		name     string
		was, now *methodRule
		want     string
	}{
		{"a new method with a rule", nil, rule("roles: 'a'"), "opened: the method is new"},
		{"a new method without one", nil, none, ""},
		{"a new method with an impossible rule", nil, broken(""), ""},
		{"a new method of health", nil, infra, ""},
		{"a rule where none was", none, rule(""), "opened: it had no rule, so nobody could call it"},
		{"a rule for health, whose own is not visible", infra, rule(""), "opened: it had no rule, so nobody could call it"},
		{"a rule that can be right", broken(""), rule(""), "opened: its rule before is not one that a server of this version accepts: so"},
		{"an impossible rule to another", broken(""), broken("public: true"), ""},
		{"a rule that can't be right", rule(""), broken("public: true"), "closed: its rule is not one that a server of this version accepts: so"},
		{"no rule any more", rule(""), none, "closed: it has no rule any more, so nobody may call it"},
		{"a method that is gone", rule(""), nil, "closed: the method is gone"},
		{"a method without a rule that is gone", none, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, ch := range compareRows(c.was, c.now) {
				got = append(got, map[bool]string{true: "opened: ", false: "closed: "}[ch.Opens]+ch.Text.String())
			}
			if strings.Join(got, "; ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A field that Rule is given later must be compared, and said of who may call.
func TestRulesKnowEveryField(t *testing.T) {
	t.Parallel()
	rules := map[protoreflect.Name][2]string{ // with the field and without it
		"public": {"public: true", ""}, "optional": {"optional: true", ""}, "issuers": {"issuers: 'a'", ""},
		"kinds": {"kinds: 'a+jwt'", ""}, "scopes": {"scopes: 'a'", ""}, "any_scopes": {"any_scopes: 'a'", ""},
		"roles": {"roles: 'a'", ""}, "deny_roles": {"deny_roles: 'a'", ""}, "claims": {"claims: {path: 'a' bool_value: true}", ""},
		"bind": {"bind: {claim: 'a' field: 'b'}", ""}, "override": {"scopes: 'a' override: {scopes: 'b'}", "scopes: 'a'"},
		"max_auth_age": {"max_auth_age: {seconds: 1}", ""}, "sender_constrained": {"sender_constrained: true", ""},
		"skip_revocation": {"skip_revocation: true", ""}, "stream_lifetime": {"stream_lifetime: STREAM_LIFETIME_SESSION", ""},
		"when_stale": {"when_stale: WHEN_STALE_ALLOW", ""},
	}
	fields := (&grpcauthv1.Rule{}).ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		name := fields.Get(i).Name()
		pair, known := rules[name]
		if !known {
			t.Errorf("%s is new: compare it in compareRules, say it in whoMay, and add it here", name)
			continue
		}
		with, without := ruleOf(t, pair[0]), ruleOf(t, pair[1])
		changes := compareRules(with, without)
		if !slices.ContainsFunc(changes, func(c change) bool { return c.Field == string(name) }) {
			t.Errorf("%s is not compared", name)
		}
		if join(whoMay(with)) == join(whoMay(without)) {
			t.Errorf("%s is not shown", name)
		}
	}
}
