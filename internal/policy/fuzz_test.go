package policy

import (
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/types/known/wrapperspb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// fuzzedRequest has something in every field that can be bound.
func fuzzedRequest() *request {
	return &request{
		User: "ada", Tenant: "acme", Number: 42, Big: -1 << 40, Unsigned: 1<<64 - 1, Level: testkitv1.Level_LEVEL_HIGH,
		Wrapped: wrapperspb.String("ada"), WrappedNumber: wrapperspb.Int64(0), Parent: &testkitv1.BindParent{Owner: "ada", Members: []string{"ada"}},
		Items: []*testkitv1.BindParent{{Owner: "ada", Members: []string{"ada", "ada"}}, {Owner: "ada", Members: []string{"bob"}}},
		Names: []string{"ada", "ada"}, Numbers: []int32{0, 0}, Maybe: new("ada"), Either: &testkitv1.BindRequest_Choice{Choice: "42"},
	}
}

// FuzzPolicy holds any claims to any rule: what can be compiled decides as the
// reference does, also about an empty request, and what can't be says why.
func FuzzPolicy(f *testing.F) {
	for rule, members := range map[string]string{
		``:                       ``,
		`scopes: "a" roles: "r"`: `"scope":"a b","roles":["r"]`,
		`claims {path: "o.t" string_value: "gold"} claims {path: "/l/1" number_value: 1}`:       `"o":{"t":"gold"},"l":[0,1.0]`,
		`claims {path: "c" bool_value: true} override {claims {path: "c" number_value: 1}}`:     `"c":[1e400,null,"true",1]`,
		`bind {claim: "sub" field: "user"} bind {claim: "c" field: "unsigned"}`:                 `"c":"18446744073709551615"`,
		`bind {claim: "c" field: "wrapped_number"} bind {claim: "d" field: "level"}`:            `"c":-0,"d":"LEVEL_HIGH"`,
		`bind {claim: "/a.b" field: "items.owner"} override {scopes: "x"}`:                      `"a.b":"\u0061da"`,
		`bind {claim: "c" field: "number"} max_auth_age {seconds: 2} issuers: "https://a.test"`: `"c":4.2e1,"auth_time":1772366398`,
		`kinds: "reset+jwt" deny_roles: "d" any_scopes: "a" any_scopes: "b"`:                    `"roles":"d","scope":["b"]`,
		`bind {claim: "c" field: "numbers"} bind {claim: "o." field: "names"} optional: true`:   `"c":0,"o":{"":"ada"}`,
		`public: true`: `"c":{"c":{"c":[[[{}]]]}}`,
		`stream_lifetime: STREAM_LIFETIME_SESSION when_stale: 3 override {} max_auth_age {seconds: -1}`: `"":""`,
	} {
		f.Add(rule, members)
	}
	d := dice{rand.New(rand.NewPCG(7, 7))}
	for range 50 {
		f.Add(prototext.Format(d.rule()), d.members())
	}
	f.Fuzz(func(t *testing.T, ruleText, members string) {
		rule := &grpcauthv1.Rule{}
		if prototext.Unmarshal([]byte(ruleText), rule) != nil {
			return
		}
		p, err := Compile(rule, bindRequest(), nil)
		if err != nil {
			if p != nil || err.Error() == "" {
				t.Fatalf("a refused rule: policy %v, error %q", p, err)
			}
			return
		}
		claims, err := prove(t, members)
		if err != nil || rule.GetPublic() {
			return
		}
		for _, r := range []*request{{}, fuzzedRequest()} {
			want := newReference(rule, claims, r).decide()
			if got := decide(p, claims, r); got != want {
				t.Errorf("got %v, want %v\nrule    %s\nclaims  {%s}\nrequest %s", got, want, prototext.Format(rule), members, prototext.Format(r))
			}
		}
	})
}
