package policy

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/durationpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// 2^53+1 with a point rounds to 2^53, which is another number.
func TestBindOfANumberThatRoundsToItsNeighbour(t *testing.T) {
	t.Parallel()
	p := compiled(t, &grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: "n", Field: "big"}}})
	for claim, field := range map[string]int64{
		"9007199254740993.0": 1 << 53, "-9007199254740993.0": -1 << 53, "9007199254740993e0": 1 << 53,
		"9007199254740992.5": 1 << 53, "1e400": 0, "1e-400": 0, "9223372036854775808": -1 << 63,
	} {
		if err := p.CheckRequest(proven(t, `"n":`+claim), (&testkitv1.BindRequest{Big: field}).ProtoReflect()); err == nil {
			t.Errorf("%s is bound to %d", claim, field)
		}
	}
}

// Whatever a token says and however it spells it: each of these must be
// refused, by the verifier or by the rule.
func TestSpellingsThatMustNotPass(t *testing.T) {
	t.Parallel()
	tier := func(path string) *grpcauthv1.Rule {
		return claimRule(&grpcauthv1.ClaimMatch{Path: path, Value: &grpcauthv1.ClaimMatch_StringValue{StringValue: "gold"}})
	}
	for name, tc := range map[string]struct {
		rule   *grpcauthv1.Rule
		claims string
	}{
		"a name in another case":           {tier("tier"), `"Tier":"gold"`},
		"the same name twice":              {tier("tier"), `"tier":"none","tier":"gold"`},
		"the same name twice, one escaped": {tier("tier"), `"tier":"none","\u0074ier":"gold"`},
		"the same name twice, deep down":   {tier("a.tier"), `"a":{"tier":"none","tier":"gold"}`},
		"a sub twice, one escaped":         {tier("sub"), `"\u0073ub":"gold"`},
		"an iss twice, one escaped":        {tier("iss"), `"\u0069ss":"gold"`},
		"a name with dots is not a path":   {tier("a.tier"), `"a.tier":"gold"`},
		"a pointer does not split at dots": {tier("/a.tier"), `"a":{"tier":"gold"}`},
		"a path does not enter a list":     {tier("a.0"), `"a":["gold"]`},
		"a path does not enter text":       {tier("a.b"), `"a":"{\"b\":\"gold\"}"`},
		"~1 is a slash":                    {tier("/a~1tier"), `"a":{"tier":"gold"}`},
		"~0 is a tilde and not the next":   {tier("/a~01tier"), `"a/tier":"gold"`},
		"an index with a zero before":      {tier("/a/00"), `"a":["gold"]`},
		"an index with a sign":             {tier("/a/+0"), `"a":["gold"]`},
		"an index past the end":            {tier("/a/1"), `"a":["gold"]`},
		"an index that wraps":              {tier("/a/65536"), `"a":["gold"]`},
		"an empty name is not the whole":   {tier("/"), `"tier":"gold"`},
		"an empty name in the middle":      {tier("//tier"), `"tier":"gold"`},
		"a list in a list":                 {tier("tier"), `"tier":[["gold"]]`},
		"an object with the value":         {tier("tier"), `"tier":{"gold":true}`},
		"null":                             {tier("tier"), `"tier":null`},
		"a space more":                     {tier("tier"), `"tier":"gold "`},
		"a zero more":                      {tier("tier"), `"tier":"gold\u0000"`},
		"a look-alike":                     {tier("tier"), `"tier":"ɡold"`},
		"half a surrogate":                 {tier("tier"), `"tier":["gold"],"x":"\ud800"`},
		"nested too deep":                  {tier("tier"), `"tier":"gold","x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40)},
		"scopes in another case":           {&grpcauthv1.Rule{Scopes: []string{"notes.read"}}, `"scope":"Notes.Read"`},
		"scopes with a tab between":        {&grpcauthv1.Rule{Scopes: []string{"notes.read"}}, `"scope":"a\tnotes.read"`},
		"scopes with a line between":       {&grpcauthv1.Rule{Scopes: []string{"notes.read"}}, `"scope":"a\nnotes.read"`},
		"scopes with commas":               {&grpcauthv1.Rule{Scopes: []string{"notes.read"}}, `"scope":"notes.read,notes.write"`},
		"scopes in a list of lists":        {&grpcauthv1.Rule{Scopes: []string{"notes.read"}}, `"scope":[["notes.read"]]`},
		"two scopes in one element":        {&grpcauthv1.Rule{Scopes: []string{"notes.read"}}, `"scope":["notes.read notes.write"]`},
		"scopes as an object":              {&grpcauthv1.Rule{Scopes: []string{"notes.read"}}, `"scope":{"notes.read":true}`},
		"scp is no scope here":             {&grpcauthv1.Rule{Scopes: []string{"notes.read"}}, `"scp":["notes.read"]`},
		"roles with spaces":                {&grpcauthv1.Rule{Roles: []string{"admin"}}, `"roles":"user admin"`},
		"roles as an object":               {&grpcauthv1.Rule{Roles: []string{"admin"}}, `"roles":{"admin":{}}`},
		"a denied role beside a number":    {&grpcauthv1.Rule{DenyRoles: []string{"guest"}}, `"roles":["guest",1]`},
		"a denied role in an object":       {&grpcauthv1.Rule{DenyRoles: []string{"guest"}}, `"roles":{"guest":1}`},
		"a denied role escaped":            {&grpcauthv1.Rule{DenyRoles: []string{"guest"}}, `"roles":["g\u0075est"]`},
		"a denied role in an escaped name": {&grpcauthv1.Rule{DenyRoles: []string{"guest"}}, `"r\u006fles":["guest"]`},
		"a login in the future":            {&grpcauthv1.Rule{MaxAuthAge: fiveMinutes()}, `"auth_time":1772366600`},
		"a login at the year one":          {&grpcauthv1.Rule{MaxAuthAge: fiveMinutes()}, `"auth_time":-62135596800`},
		"a login long before":              {&grpcauthv1.Rule{MaxAuthAge: fiveMinutes()}, `"auth_time":-9e15`},
		"a login in text":                  {&grpcauthv1.Rule{MaxAuthAge: fiveMinutes()}, `"auth_time":"1772366400"`},
		"no login":                         {&grpcauthv1.Rule{MaxAuthAge: fiveMinutes()}, ``},
		"null for a login":                 {&grpcauthv1.Rule{MaxAuthAge: fiveMinutes()}, `"auth_time":null`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claims, err := prove(t, tc.claims)
			if err != nil {
				return
			}
			if reason := decide(compiled(t, tc.rule), claims, &testkitv1.BindRequest{}); reason == passes {
				t.Errorf("let in with %s", tc.claims)
			}
		})
	}
}

// Values built by hand, with nil where protobuf never has it.
func TestRulesWithNilInThem(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]*grpcauthv1.Rule{
		"no rule":           nil,
		"a nil claim":       {Claims: []*grpcauthv1.ClaimMatch{nil}},
		"a nil string":      {Claims: []*grpcauthv1.ClaimMatch{{Path: "tier", Value: (*grpcauthv1.ClaimMatch_StringValue)(nil)}}},
		"a nil number":      {Claims: []*grpcauthv1.ClaimMatch{{Path: "tier", Value: (*grpcauthv1.ClaimMatch_NumberValue)(nil)}}},
		"a nil bind":        {Bind: []*grpcauthv1.Binding{nil}},
		"a nil override":    {Scopes: []string{"a"}, Override: &grpcauthv1.Override{Claims: []*grpcauthv1.ClaimMatch{nil}}},
		"an empty override": {Scopes: []string{"a"}, Override: &grpcauthv1.Override{}},
		"a kind of nothing": {Kinds: []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if p, err := Compile(rule, bindRequest(), nil); err == nil {
				t.Errorf("compiled to %v", p.Rule())
			}
		})
	}
}

// A Policy that nobody compiled lets nobody in.
func TestZeroValuesPassNothing(t *testing.T) {
	t.Parallel()
	zero := new(token.Claims)
	for name, rule := range map[string]*grpcauthv1.Rule{
		"any token": {}, "scopes": {Scopes: []string{"a"}}, "roles": {Roles: []string{"a"}},
		"issuers": {Issuers: []string{issuerA}}, "claims": {Claims: []*grpcauthv1.ClaimMatch{{Path: "a", Value: &grpcauthv1.ClaimMatch_StringValue{}}}},
		"bind": {Bind: []*grpcauthv1.Binding{{Claim: "sub", Field: "user"}}},
	} {
		if reason := decide(compiled(t, rule), zero, &testkitv1.BindRequest{}); reason == passes {
			t.Errorf("%s: zero claims pass", name)
		}
	}
}

func fiveMinutes() *durationpb.Duration { return &durationpb.Duration{Seconds: 300} }
