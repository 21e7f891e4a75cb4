package policy

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// What random rules, claims and requests are made of: few words, so that they
// meet often.
var (
	someTexts   = []string{"ada", "bob", "42", "042", "LEVEL_HIGH", ""}
	someNames   = []string{"a", "b", "c"}
	someNumbers = []int64{0, 1, 42, -42, 1 << 53, 1<<53 - 1}
	somePaths   = []string{"t", "u", "o.k", "/o/l/0", "/a.b", "/o/x~1y", "o", "nowhere", "sub"}
	someFields  = []string{
		"user", "tenant", "number", "big", "unsigned", "level", "wrapped", "wrapped.value", "wrapped_number",
		"parent.owner", "parent.members", "items.owner", "items.members", "names", "numbers", "maybe", "choice",
	}
	someValues = []string{
		`"ada"`, `"bob"`, `"42"`, `"042"`, `"-42"`, `"0"`, `""`, `"LEVEL_HIGH"`, `"ada bob"`, `"9007199254740992"`,
		`0`, `-0`, `1`, `42`, `-42`, `42.0`, `4.2e1`, `42.5`, `9007199254740991`, `9007199254740993`, `9007199254740993.0`, `18446744073709551615`, `1e400`, `1e-400`,
		`true`, `false`, `null`,
	}
)

// dice makes random rules, claims and requests.
type dice struct{ *rand.Rand }

func pick[T any](d dice, from []T) T { return from[d.IntN(len(from))] }

// once in n.
func (d dice) once(n int) bool { return d.IntN(n) == 0 }

func some[T any](d dice, most int, one func() T) (all []T) {
	for range d.IntN(most + 1) {
		all = append(all, one())
	}
	return all
}

func (d dice) names() []string { return some(d, 2, func() string { return pick(d, someNames) }) }

func (d dice) match() *grpcauthv1.ClaimMatch {
	path := pick(d, somePaths)
	switch d.IntN(3) {
	case 0:
		return truth(path, d.once(2))
	case 1:
		return number(path, float64(pick(d, someNumbers[:4])))
	}
	return text(path, pick(d, someTexts))
}

func (d dice) binding() *grpcauthv1.Binding {
	return &grpcauthv1.Binding{Claim: pick(d, somePaths), Field: pick(d, someFields)}
}

func (d dice) rule() *grpcauthv1.Rule {
	rule := &grpcauthv1.Rule{}
	if d.once(2) { // or too few requests would get as far as their bindings
		rule.Bind = []*grpcauthv1.Binding{d.binding()}
		return rule
	}
	for _, add := range []struct {
		often int // once in so many
		set   func()
	}{
		{8, func() { rule.Issuers = []string{pick(d, []string{issuerA, issuerB})} }},
		{8, func() { rule.Kinds = []string{pick(d, []string{"at+jwt", "reset+jwt"})} }},
		{6, func() { rule.MaxAuthAge = durationpb.New(time.Duration(1+d.IntN(3)) * time.Second) }},
		{6, func() { rule.DenyRoles = []string{"d"} }},
		{4, func() { rule.Scopes = d.names() }},
		{4, func() { rule.AnyScopes = d.names() }},
		{4, func() { rule.Roles = d.names() }},
		{3, func() { rule.Claims = some(d, 2, d.match) }},
		{2, func() { rule.Bind = some(d, 2, d.binding) }},
		{3, func() {
			rule.Override = &grpcauthv1.Override{Scopes: d.names(), Roles: d.names(), Claims: some(d, 1, d.match)}
		}},
	} {
		if d.once(add.often) {
			add.set()
		}
	}
	return rule
}

func (d dice) value(depth int) string {
	if depth == 0 && d.once(5) {
		return "[" + strings.Join(some(d, 3, func() string { return d.value(1) }), ",") + "]"
	}
	if d.once(2) {
		return pick(d, []string{`"ada"`, `"42"`, `42`})
	}
	return pick(d, someValues)
}

func (d dice) members() string {
	members := []string{`"sub":"` + pick(d, []string{"ada", "bob", "42"}) + `"`, `"iss":"` + pick(d, []string{issuerA, issuerB}) + `"`}
	for _, member := range []func() string{
		func() string { return `"t":` + d.value(0) },
		func() string { return `"u":` + d.value(0) },
		func() string { return `"a.b":` + d.value(0) },
		func() string { return `"o":{"k":` + d.value(0) + `,"l":[` + d.value(1) + `],"x/y":` + d.value(0) + `}` },
		func() string { return `"scope":"` + strings.Join(d.names(), " ") + `"` },
		func() string {
			return `"roles":["` + strings.Join(append(d.names(), pick(d, []string{"d", "e"})), `","`) + `"]`
		},
		func() string {
			return `"auth_time":` + pick(d, []string{"1772366400", "1772366398", "1772366397.5", "1772366500"})
		},
	} {
		if !d.once(4) {
			members = append(members, member())
		}
	}
	return strings.Join(members, ",")
}

func (d dice) request() *request {
	r := &request{}
	parent := func() *testkitv1.BindParent {
		return &testkitv1.BindParent{Owner: pick(d, someTexts), Members: some(d, 2, func() string { return pick(d, someTexts) })}
	}
	for _, set := range []func(){
		func() { r.User = pick(d, someTexts) },
		func() { r.Tenant = pick(d, someTexts) },
		func() { r.Number = int32(pick(d, someNumbers[:4])) },
		func() { r.Big = pick(d, someNumbers) },
		func() { r.Unsigned = pick(d, []uint64{0, 42, 1<<53 - 1, 1<<64 - 1}) },
		func() { r.Level = testkitv1.Level(pick(d, []int32{0, 1, 2, 77})) },
		func() { r.Wrapped = wrapperspb.String(pick(d, someTexts)) },
		func() { r.WrappedNumber = wrapperspb.Int64(pick(d, someNumbers)) },
		func() { r.Parent = parent() },
		func() { r.Items = some(d, 2, parent) },
		func() { r.Names = some(d, 2, func() string { return pick(d, someTexts) }) },
		func() { r.Numbers = some(d, 2, func() int32 { return int32(pick(d, someNumbers[:4])) }) },
		func() { r.Maybe = new(pick(d, someTexts)) },
		func() { r.Either = &testkitv1.BindRequest_Choice{Choice: pick(d, someTexts)} },
	} {
		if !d.once(3) {
			set()
		}
	}
	return r
}

// PARITY 36 to 41a: a Policy decides as the reference does, about whatever
// can be compiled.
func TestPolicyDecidesLikeTheReference(t *testing.T) {
	t.Parallel()
	d := dice{rand.New(rand.NewPCG(2026, 3))}
	seen, bound := map[grpcauthv1.Reason]int{}, 0
	for compiled := 0; compiled < 6_000; {
		rule := d.rule()
		p, err := Compile(rule, bindRequest(), nil)
		if err != nil {
			continue // an override of nothing
		}
		compiled++
		members, r := d.members(), d.request()
		claims, err := proveTyp(t, pick(d, []string{"at+jwt", "at+jwt", "at+jwt", "reset+jwt"}), members)
		if err != nil {
			t.Fatalf("{%s}: %v", members, err)
		}
		want := newReference(rule, claims, r).decide()
		if got := decide(p, claims, r); got != want {
			t.Fatalf("got %v, want %v\nrule    %s\nclaims  {%s}\nrequest %s", got, want, prototext.Format(rule), members, prototext.Format(r))
		}
		seen[want]++
		if want == passes && len(rule.GetBind()) > 0 && !p.Lifts(claims) {
			bound++
		}
	}
	for _, reason := range []grpcauthv1.Reason{
		passes, issuerDenied, wrongKind, reauthenticate, roleDenied, noScope, noRole, claimMissing, claimMismatch, bindingMismatch,
	} {
		if seen[reason] < 50 {
			t.Errorf("%v came up %d times: the test says little about it", reason, seen[reason])
		}
	}
	if bound < 50 {
		t.Errorf("%d requests were bound: the test says little about it", bound)
	}
}
