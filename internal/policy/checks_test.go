package policy

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/token"
)

// PARITY 36 and 40.
func TestScopesAndRoles(t *testing.T) {
	t.Parallel()
	all := &grpcauthv1.Rule{Scopes: []string{"a", "b"}}
	anyOf := &grpcauthv1.Rule{AnyScopes: []string{"a", "b"}}
	both := &grpcauthv1.Rule{Scopes: []string{"a"}, AnyScopes: []string{"b", "c"}}
	roles := &grpcauthv1.Rule{Roles: []string{"admin", "owner"}, DenyRoles: []string{"suspended"}}
	for name, tc := range map[string]struct {
		rule    *grpcauthv1.Rule
		members string
		want    grpcauthv1.Reason
	}{
		"36 all, parted by spaces":           {all, `"scope":"b x a"`, passes},
		"36 all, in a list":                  {all, `"scope":["b","x","a"]`, passes},
		"36 all, parted by many spaces":      {all, `"scope":"  b   a "`, passes},
		"36 one of two":                      {all, `"scope":"a"`, noScope},
		"36 none":                            {all, ``, noScope},
		"36 the empty scope":                 {all, `"scope":""`, noScope},
		"36 scopes that begin alike":         {all, `"scope":"ab ba a: b."`, noScope},
		"36 another case":                    {all, `"scope":"A B"`, noScope},
		"36 words in a list are one scope":   {all, `"scope":["a b"]`, noScope},
		"36 parted by tabs are one scope":    {all, `"scope":"a\tb"`, noScope},
		"36 the claim of another name":       {all, `"scopes":"a b","scp":"a b","SCOPE":"a b"`, noScope},
		"36 any":                             {anyOf, `"scope":"b"`, passes},
		"36 none of any":                     {anyOf, `"scope":"c"`, noScope},
		"36 all and any":                     {both, `"scope":"a c"`, passes},
		"36 all without any":                 {both, `"scope":"a"`, noScope},
		"36 any without all":                 {both, `"scope":"b c"`, noScope},
		"40 an allowed role":                 {roles, `"roles":["x","owner"]`, passes},
		"40 an allowed role alone":           {roles, `"roles":"owner"`, passes},
		"40 no role":                         {roles, ``, noRole},
		"40 no role in the list":             {roles, `"roles":[]`, noRole},
		"40 another role":                    {roles, `"roles":["owners"]`, noRole},
		"40 roles are not words":             {roles, `"roles":"owner admin"`, noRole},
		"40 denied beside an allowed one":    {roles, `"roles":["admin","suspended"]`, roleDenied},
		"40 denied comes before not allowed": {roles, `"roles":["suspended"]`, roleDenied},
		"40 denied alone":                    {&grpcauthv1.Rule{DenyRoles: []string{"suspended"}}, `"roles":"suspended"`, roleDenied},
		"40 not denied":                      {&grpcauthv1.Rule{DenyRoles: []string{"suspended"}}, ``, passes},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := decide(compiled(t, tc.rule), proven(t, tc.members), &request{}); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// PARITY 28 and 45.
func TestIssuersAndKinds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		rule         *grpcauthv1.Rule
		issuer, kind string
		want         grpcauthv1.Reason
	}{
		"any issuer that is trusted":           {&grpcauthv1.Rule{}, issuerB, "at+jwt", passes},
		"the issuer of the rule":               {&grpcauthv1.Rule{Issuers: []string{issuerB}}, issuerB, "at+jwt", passes},
		"one of the rule's issuers":            {&grpcauthv1.Rule{Issuers: []string{issuerA, issuerB}}, issuerB, "at+jwt", passes},
		"another issuer":                       {&grpcauthv1.Rule{Issuers: []string{issuerB}}, issuerA, "at+jwt", issuerDenied},
		"28 an access token":                   {&grpcauthv1.Rule{}, issuerA, "application/AT+JWT", passes},
		"28 another kind":                      {&grpcauthv1.Rule{}, issuerA, "reset+jwt", wrongKind},
		"28 the kind of the rule":              {&grpcauthv1.Rule{Kinds: []string{"reset+jwt"}}, issuerA, "reset+jwt", passes},
		"28 the kind of the rule, in full":     {&grpcauthv1.Rule{Kinds: []string{"Application/Reset+JWT"}}, issuerA, "reset+jwt", passes},
		"28 an access token for another kind":  {&grpcauthv1.Rule{Kinds: []string{"reset+jwt"}}, issuerA, "at+jwt", wrongKind},
		"28 one of the rule's kinds":           {&grpcauthv1.Rule{Kinds: []string{"at+jwt", "reset+jwt"}}, issuerA, "reset+jwt", passes},
		"28 the issuer comes before the kind":  {&grpcauthv1.Rule{Issuers: []string{issuerB}}, issuerA, "reset+jwt", issuerDenied},
		"28 kinds of an optional method, too":  {&grpcauthv1.Rule{Optional: true}, issuerA, "reset+jwt", wrongKind},
		"45 issuers of an optional method":     {&grpcauthv1.Rule{Optional: true, Issuers: []string{issuerB}}, issuerA, "at+jwt", issuerDenied},
		"45 a role instead of the right kind":  {&grpcauthv1.Rule{Roles: []string{"admin"}}, issuerA, "reset+jwt", wrongKind},
		"45 a slash behind is another issuer":  {&grpcauthv1.Rule{Issuers: []string{issuerA + "/"}}, issuerA, "at+jwt", issuerDenied},
		"45 an issuer in capitals is another":  {&grpcauthv1.Rule{Issuers: []string{"https://A.test"}}, issuerA, "at+jwt", issuerDenied},
		"45 the beginning is another's issuer": {&grpcauthv1.Rule{Issuers: []string{"https://a.tes"}}, issuerA, "at+jwt", issuerDenied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claims, err := proveTyp(t, tc.kind, `"iss":"`+tc.issuer+`"`)
			if err != nil {
				t.Fatal(err)
			}
			if got := decide(compiled(t, tc.rule), claims, &request{}); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// PARITY 29: the edges, to the nanosecond.
func TestFreshness(t *testing.T) {
	t.Parallel()
	p := compiled(t, &grpcauthv1.Rule{MaxAuthAge: durationpb.New(5 * time.Minute)})
	at := func(ago time.Duration) string { return fmt.Sprintf(`"auth_time":%d`, now.Add(-ago).Unix()) }
	for name, tc := range map[string]struct {
		members string
		later   time.Duration // than now
		want    grpcauthv1.Reason
	}{
		"29 just now":                     {at(0), 0, passes},
		"29 a minute ago":                 {at(time.Minute), 0, passes},
		"29 at the last moment":           {at(5 * time.Minute), 0, passes},
		"29 a nanosecond later":           {at(5 * time.Minute), 1, reauthenticate},
		"29 a second too long ago":        {at(5*time.Minute + time.Second), 0, reauthenticate},
		"29 a second before that":         {at(5*time.Minute - time.Second), time.Second, passes},
		"29 a year ago":                   {at(365 * 24 * time.Hour), 0, reauthenticate},
		"29 in 1970":                      {`"auth_time":0`, 0, reauthenticate},
		"29 never":                        {``, 0, reauthenticate},
		"29 a fraction of a second later": {fmt.Sprintf(`"auth_time":%d.5`, now.Add(-5*time.Minute).Unix()), 500 * time.Millisecond, passes},
		"29 by a clock that is ahead":     {at(-token.MaxLeeway), 0, passes},
		"29 in the future":                {at(-token.MaxLeeway - time.Second), 0, reauthenticate},
		"29 in the year 9999":             {`"auth_time":253402300799`, 0, reauthenticate},
		"29 an hour ago, though renewed":  {at(time.Hour), 0, reauthenticate}, // iat is now in every token here
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			details, err := p.CheckHolder(proven(t, tc.members), func() time.Time { return now.Add(tc.later) })
			if got := fault.ReasonOf(err); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
			if (len(details) == 1) != (tc.want == reauthenticate) {
				t.Errorf("%d details", len(details))
			}
		})
	}
}

// PARITY 29: a token that names no login is not fresh, however long the rule
// waits.
func TestFreshnessNeedsALogin(t *testing.T) {
	t.Parallel()
	p := compiled(t, &grpcauthv1.Rule{MaxAuthAge: &durationpb.Duration{Seconds: 315_576_000_000}}) // 10,000 years
	if got := decide(p, proven(t, ""), &request{}); got != reauthenticate {
		t.Errorf("29 got %v", got)
	}
	if got := decide(p, proven(t, `"auth_time":0`), &request{}); got != passes {
		t.Errorf("29 got %v for a login in 1970", got)
	}
}

// The wanted age and the wanted scopes are for the client, too.
func TestDetails(t *testing.T) {
	t.Parallel()
	for want, rule := range map[string]*grpcauthv1.Rule{
		`Bearer error="insufficient_user_authentication", error_description="a more recent login is needed", max_age="300"`: {MaxAuthAge: durationpb.New(5 * time.Minute)},
		`Bearer error="insufficient_user_authentication", error_description="a more recent login is needed", max_age="1"`:   {MaxAuthAge: durationpb.New(time.Second)},
		`Bearer error="insufficient_scope", error_description="the token lacks a scope", scope="a b"`:                       {Scopes: []string{"a", "b"}},
		`Bearer error="insufficient_scope", error_description="the token lacks a scope", scope="c d"`:                       {AnyScopes: []string{"c", "d"}},
	} {
		details, err := compiled(t, rule).CheckHolder(proven(t, ""), clock)
		if got := fault.Because(fault.ReasonOf(err), err, details...).Challenge(); got != want {
			t.Errorf("challenge = %s\nwant        %s", got, want)
		}
	}
}

// everyRule asks for all that can be asked for.
func everyRule() *grpcauthv1.Rule {
	return &grpcauthv1.Rule{
		Issuers: []string{issuerA}, Kinds: []string{"at+jwt"}, MaxAuthAge: durationpb.New(5 * time.Minute), DenyRoles: []string{"suspended"},
		Scopes: []string{"a", "b"}, AnyScopes: []string{"c", "d"}, Roles: []string{"owner"},
		Claims: []*grpcauthv1.ClaimMatch{text("tier", "gold"), truth("verified", true)},
		Bind:   []*grpcauthv1.Binding{{Claim: "sub", Field: "user"}, {Claim: "tenant", Field: "tenant"}},
	}
}

// Each requirement is met, one after the other: what is still unmet and comes
// first decides.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	p := compiled(t, everyRule())
	members := map[string]string{"iss": `"` + issuerB + `"`, "sub": `"bob"`, "roles": `["suspended"]`, "verified": "1"}
	typ := "reset+jwt"
	for i, step := range []struct {
		want grpcauthv1.Reason
		mend func()
	}{
		{issuerDenied, func() { members["iss"] = `"` + issuerA + `"` }},
		{wrongKind, func() { typ = "at+jwt" }},
		{reauthenticate, func() { members["auth_time"] = fmt.Sprint(now.Unix()) }},
		{roleDenied, func() { delete(members, "roles") }},
		{noScope, func() { members["scope"] = `"a b"` }},
		{noScope, func() { members["scope"] = `"a b d"` }},
		{noRole, func() { members["roles"] = `"owner"` }},
		{claimMissing, func() { members["tier"] = `"tin"` }},
		{claimMismatch, func() { members["tier"] = `"gold"` }},
		{claimMismatch, func() { members["verified"] = `true` }},
		{bindingMismatch, func() { members["sub"] = `"ada"` }},
		{bindingMismatch, func() { members["tenant"] = `7` }},
		{claimMismatch, func() { members["tenant"] = `"acme"` }},
		{passes, func() {}},
	} {
		claims, err := proveTyp(t, typ, memberText(members))
		if err != nil {
			t.Fatal(err)
		}
		if got := decide(p, claims, &request{User: "ada", Tenant: "acme"}); got != step.want {
			t.Errorf("step %d, %s: got %v, want %v", i, memberText(members), got, step.want)
		}
		step.mend()
	}
}

func memberText(members map[string]string) (text string) {
	for name, value := range members {
		if text != "" {
			text += ","
		}
		text += `"` + name + `":` + value
	}
	return text
}

// Checks are what CheckToken and CheckHolder test, each by itself.
func TestChecksAreListed(t *testing.T) {
	t.Parallel()
	var got []string
	for _, c := range compiled(t, everyRule()).Checks() {
		got = append(got, fmt.Sprintf("%s: %s (lifted: %t)", c.Field, c.Wants, c.Lifted))
	}
	want := []string{
		"issuers: https://a.test (lifted: false)",
		"kinds: at+jwt (lifted: false)",
		"max_auth_age: a login at most 5m0s ago (lifted: false)",
		"deny_roles: none of suspended (lifted: false)",
		"scopes: all of a, b (lifted: true)",
		"any_scopes: one of c, d (lifted: true)",
		"roles: owner (lifted: true)",
		`claims[0]: tier = "gold" (lifted: true)`,
		"claims[1]: verified = true (lifted: true)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("checks = %q\nwant     %q", got, want)
	}
	claims := proven(t, `"tier":"gold"`)
	for _, c := range compiled(t, everyRule()).Checks() {
		_, err := c.Test(claims, now)
		meets := c.Field == "issuers" || c.Field == "kinds" || c.Field == "deny_roles" || c.Field == "claims[0]"
		if (err == nil) != meets {
			t.Errorf("%s: %v", c.Field, err)
		}
	}
	if public := compiled(t, &grpcauthv1.Rule{Public: true}); len(public.Checks())+len(public.Kinds()) != 0 {
		t.Error("a public rule asks for something")
	}
}
