package policy

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// usualMembers are claims as a token of an identity provider has them.
const usualMembers = `"auth_time":1772366390,"sid":"8d2c","email":"ada@example.com","name":"Ada Lovelace","locale":"en",` +
	`"scope":"openid profile notes.read notes.write","roles":["reader","owner"],"n":42,"digits":"42","org":{"id":"acme","tier":"gold"},"level":"LEVEL_HIGH"`

func usualRequest() *request {
	return &request{
		User: "ada", Number: 42, Big: 42, Unsigned: 42, Level: testkitv1.Level_LEVEL_HIGH, Wrapped: wrapperspb.String("ada"),
		Parent: &testkitv1.BindParent{Owner: "acme"}, Maybe: new("ada"), Either: &testkitv1.BindRequest_Choice{Choice: "ada"},
		Names: []string{"ada", "ada"}, Items: []*testkitv1.BindParent{{Owner: "acme"}, {Owner: "acme"}},
	}
}

func usualHolderRules() map[string]*grpcauthv1.Rule {
	return map[string]*grpcauthv1.Rule{
		"scopes":           {Scopes: []string{"notes.read", "notes.write"}},
		"roles":            {Roles: []string{"admin", "owner"}, DenyRoles: []string{"suspended"}},
		"scopes and roles": {Scopes: []string{"notes.read"}, AnyScopes: []string{"notes.admin", "notes.write"}, Roles: []string{"owner"}, DenyRoles: []string{"suspended"}},
		"claims":           claimRule(text("org.tier", "gold"), number("n", 42), text("/roles", "owner")),
		"max_auth_age":     {MaxAuthAge: durationpb.New(time.Minute)},
		"lifted by a role": {Scopes: []string{"notes.admin"}, Override: &grpcauthv1.Override{Scopes: []string{"root"}, Roles: []string{"owner"}}},
	}
}

// usualBindings are claim and field.
func usualBindings() map[string][2]string {
	return map[string][2]string{
		"string": {"sub", "user"}, "int32": {"n", "number"}, "int64": {"n", "big"}, "uint64": {"n", "unsigned"}, "digits": {"digits", "big"},
		"enum": {"level", "level"}, "optional": {"sub", "maybe"}, "oneof": {"sub", "choice"}, "nested": {"org.id", "parent.owner"},
		"pointer": {"/org/id", "parent.owner"}, "wrapper": {"sub", "wrapped"},
	}
}

func TestHolderChecksDoNotAllocate(t *testing.T) { // not parallel: it counts allocations
	claims := proven(t, usualMembers)
	for name, rule := range usualHolderRules() {
		p := compiled(t, rule)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := p.CheckHolder(claims, clock); err != nil {
				t.Fatal(err)
			}
		}); n != 0 && name != "lifted by a role" { // there the error of what is lifted is made first
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestBindingsDoNotAllocate(t *testing.T) { // not parallel: it counts allocations
	claims, r := proven(t, usualMembers), usualRequest().ProtoReflect()
	for name, b := range usualBindings() {
		p := compiled(t, bind(b[0], b[1]))
		if n := testing.AllocsPerRun(100, func() {
			if err := p.CheckRequest(claims, r); err != nil {
				t.Fatal(err)
			}
		}); n != 0 && name != "oneof" { // which protobuf's reflection can't read without
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkCheckHolder(b *testing.B) {
	claims := proven(b, usualMembers)
	for name, rule := range usualHolderRules() {
		p := compiled(b, rule)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.CheckHolder(claims, clock); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCheckRequest(b *testing.B) {
	claims, r := proven(b, usualMembers), usualRequest().ProtoReflect()
	all := usualBindings()
	all["list"], all["list of messages"] = [2]string{"sub", "names"}, [2]string{"org.id", "items.owner"}
	for name, bound := range all {
		p := compiled(b, bind(bound[0], bound[1]))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := p.CheckRequest(claims, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
