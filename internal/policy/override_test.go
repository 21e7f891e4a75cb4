package policy

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// PARITY 39: any one of these lifts what can be lifted.
func TestOverrideLifts(t *testing.T) {
	t.Parallel()
	override := &grpcauthv1.Override{
		Scopes: []string{"root", "super"}, Roles: []string{"admin", "support"},
		Claims: []*grpcauthv1.ClaimMatch{truth("staff", true), text("realm.team", "ops")},
	}
	for name, rule := range map[string]*grpcauthv1.Rule{
		"scopes":     {Scopes: []string{"a"}},
		"any_scopes": {AnyScopes: []string{"a", "b"}},
		"roles":      {Roles: []string{"owner"}},
		"claims":     claimRule(text("tier", "gold")),
		"bind":       bind("uid", "user"),
		"all of them": {
			Scopes: []string{"a"}, AnyScopes: []string{"b"}, Roles: []string{"owner"},
			Claims: []*grpcauthv1.ClaimMatch{text("tier", "gold"), text("x", "y")},
			Bind:   []*grpcauthv1.Binding{{Claim: "uid", Field: "user"}, {Claim: "tenant", Field: "tenant"}},
		},
	} {
		rule.Override = override
		p := compiled(t, rule)
		for members, lifts := range map[string]bool{
			`"scope":"root"`:                        true,
			`"scope":["super"]`:                     true,
			`"roles":"admin"`:                       true,
			`"roles":["x","support"]`:               true,
			`"staff":true`:                          true,
			`"staff":[true]`:                        true,
			`"realm":{"team":"ops"}`:                true,
			`"scope":"root","staff":true`:           true,
			``:                                      false,
			`"scope":"admin","roles":["root"]`:      false, // a scope is not a role
			`"staff":1`:                             false,
			`"staff":"true"`:                        false,
			`"staff":null`:                          false,
			`"realm":{"team":"OPS"}`:                false,
			`"realm.team":"ops"`:                    false,
			`"scope":"rooted","roles":"admin root"`: false,
		} {
			got := decide(p, proven(t, members), &request{User: "bob"})
			if (got == passes) != lifts || p.Lifts(proven(t, members)) != lifts {
				t.Errorf("39 %s of {%s}: got %v, want lifted: %t", name, members, got, lifts)
			}
		}
	}
}

// PARITY 39: override alone, rule alone, both, neither.
func TestOverrideBesideTheRule(t *testing.T) {
	t.Parallel()
	rule := bind("sub", "user")
	rule.Override = &grpcauthv1.Override{Roles: []string{"admin"}}
	p := compiled(t, rule)
	for name, tc := range map[string]struct {
		members, user string
		want          grpcauthv1.Reason
	}{
		"39 the override alone": {`"roles":"admin"`, "bob", passes},
		"39 the rule alone":     {``, "ada", passes},
		"39 both":               {`"roles":"admin"`, "ada", passes},
		"39 neither":            {``, "bob", bindingMismatch},
	} {
		if got := decide(p, proven(t, tc.members), &request{User: tc.user}); got != tc.want {
			t.Errorf("%s: got %v, want %v", name, got, tc.want)
		}
	}
}

// PARITY 39: nothing else is lifted.
func TestOverrideLiftsNothingElse(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		rule    *grpcauthv1.Rule
		typ     string
		members string
		want    grpcauthv1.Reason
	}{
		"39 issuers":      {&grpcauthv1.Rule{Issuers: []string{issuerB}}, "at+jwt", ``, issuerDenied},
		"39 kinds":        {&grpcauthv1.Rule{Kinds: []string{"reset+jwt"}}, "at+jwt", ``, wrongKind},
		"39 access only":  {&grpcauthv1.Rule{}, "reset+jwt", ``, wrongKind},
		"39 max_auth_age": {&grpcauthv1.Rule{MaxAuthAge: durationpb.New(time.Minute)}, "at+jwt", `,"auth_time":1`, reauthenticate},
		"39 deny_roles":   {&grpcauthv1.Rule{DenyRoles: []string{"suspended"}}, "at+jwt", `,"roles":["suspended"]`, roleDenied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.rule.Scopes = []string{"a"} // which it does lift
			tc.rule.Override = &grpcauthv1.Override{Scopes: []string{"root"}}
			claims, err := proveTyp(t, tc.typ, `"scope":"root"`+tc.members)
			if err != nil {
				t.Fatal(err)
			}
			p := compiled(t, tc.rule)
			if !p.Lifts(claims) {
				t.Fatal("the override is not met")
			}
			if got := decide(p, claims, &request{}); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}
