package policy

import (
	"math"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

func withUnknownField(m protoreflect.ProtoMessage, number protowire.Number) {
	m.ProtoReflect().SetUnknown(protowire.AppendTag(nil, number, protowire.BytesType))
}

func text(path, value string) *grpcauthv1.ClaimMatch {
	return &grpcauthv1.ClaimMatch{Path: path, Value: &grpcauthv1.ClaimMatch_StringValue{StringValue: value}}
}

func number(path string, value float64) *grpcauthv1.ClaimMatch {
	return &grpcauthv1.ClaimMatch{Path: path, Value: &grpcauthv1.ClaimMatch_NumberValue{NumberValue: value}}
}

func truth(path string, value bool) *grpcauthv1.ClaimMatch {
	return &grpcauthv1.ClaimMatch{Path: path, Value: &grpcauthv1.ClaimMatch_BoolValue{BoolValue: value}}
}

func bind(claim, field string) *grpcauthv1.Rule {
	return &grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: claim, Field: field}}}
}

// PARITY 45: a rule that can't be right is refused, with the fix. What a user
// sees stands here in full.
func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	newer := &grpcauthv1.Rule{}
	withUnknownField(newer, 17)
	below := &grpcauthv1.Rule{Scopes: []string{"a"}, Override: &grpcauthv1.Override{Roles: []string{"r"}}}
	withUnknownField(below.GetOverride(), 99)
	for name, tc := range map[string]struct {
		rule *grpcauthv1.Rule
		want string
	}{
		"public beside scopes": {
			&grpcauthv1.Rule{Public: true, Scopes: []string{"a"}},
			"public stands beside scopes: a public method reads no token, so remove one of the two",
		},
		"public beside optional": {
			&grpcauthv1.Rule{Public: true, Optional: true},
			"public stands beside optional: a public method reads no token, so remove one of the two",
		},
		"a role allowed and denied": {
			&grpcauthv1.Rule{Roles: []string{"r"}, DenyRoles: []string{"r"}},
			`role "r" is both in roles and in deny_roles: remove one of the two`,
		},
		"a role that lifts and is denied": {
			&grpcauthv1.Rule{Scopes: []string{"a"}, DenyRoles: []string{"r"}, Override: &grpcauthv1.Override{Roles: []string{"r"}}},
			`role "r" is both in override.roles and in deny_roles, which nothing lifts: remove one of the two`,
		},
		"an empty scope": {
			&grpcauthv1.Rule{Scopes: []string{""}},
			"scopes holds an empty name, or was given none: name what is required",
		},
		"an empty role in the override": {
			&grpcauthv1.Rule{Scopes: []string{"a"}, Override: &grpcauthv1.Override{Roles: []string{""}}},
			"override.roles holds an empty name, or was given none: name what is required",
		},
		"two scopes in one": {
			&grpcauthv1.Rule{AnyScopes: []string{"a b"}},
			`scope "a b" is none that a token can hold: write each scope as an entry of its own, without white space, quotes or backslashes`,
		},
		"an issuer nobody trusts": {
			&grpcauthv1.Rule{Issuers: []string{"https://evil.test"}},
			`issuer "https://evil.test" is not one that the verifier trusts (https://a.test, https://b.test)`,
		},
		"an empty kind": {
			&grpcauthv1.Rule{Kinds: []string{"a kind"}},
			`kinds: token: typ "a kind" is not a media type: want one like "at+jwt"`,
		},
		"a claim without a path": {
			&grpcauthv1.Rule{Claims: []*grpcauthv1.ClaimMatch{text("", "gold")}},
			`claims[0].path is empty: name the claim, such as "tier" or "realm.tier"`,
		},
		"a claim with a hole in its path": {
			&grpcauthv1.Rule{Claims: []*grpcauthv1.ClaimMatch{text("realm..tier", "gold")}},
			`claims[0].path "realm..tier" has an empty name: write "realm.tier", or a JSON Pointer for a name that holds dots ("/a.b")`,
		},
		"a claim with a bad pointer": {
			&grpcauthv1.Rule{Claims: []*grpcauthv1.ClaimMatch{text("/a~2b", "gold")}},
			`claims[0].path "/a~2b" is no JSON Pointer: in one that starts with a slash write ~ as ~0 and a slash in a name as ~1`,
		},
		"a claim without a value": {
			&grpcauthv1.Rule{Claims: []*grpcauthv1.ClaimMatch{text("a", "b"), {Path: "tier"}}},
			"claims[1] wants no value: add string_value, bool_value or number_value",
		},
		"a number too large to be exact": {
			&grpcauthv1.Rule{Claims: []*grpcauthv1.ClaimMatch{number("n", 1<<53+2)}},
			"claims[0] wants the number 9.007199254740994e+15, which can't be told from its neighbours: have the issuer write it as a string, and use string_value",
		},
		"the first number that is not exact": {
			&grpcauthv1.Rule{Claims: []*grpcauthv1.ClaimMatch{number("n", 1<<53)}},
			"claims[0] wants the number 9.007199254740992e+15, which can't be told from its neighbours: have the issuer write it as a string, and use string_value",
		},
		"a number that is none": {
			&grpcauthv1.Rule{Claims: []*grpcauthv1.ClaimMatch{number("n", math.NaN())}},
			"claims[0] wants the number NaN, which can't be told from its neighbours: have the issuer write it as a string, and use string_value",
		},
		"bind to a field that is not there": {
			bind("uid", "nome"),
			`bind[0].field "nome": testkit.v1.BindRequest has no field "nome", but user, tenant, number, big, unsigned, level, wrapped, wrapped_number, parent, items, names, numbers, maybe, choice, ratio, data, flag, labels`,
		},
		"bind to a field of a field that is no message": {
			bind("uid", "user.name"),
			`bind[0].field "user.name" goes on behind a field that is no message: stop at it`,
		},
		"bind to a message": {
			bind("uid", "parent"),
			`bind[0].field "parent": testkit.v1.BindRequest.parent is a message, to which no claim can be bound: bind a string, an integer or an enum`,
		},
		"bind to a fraction": {
			bind("uid", "ratio"),
			`bind[0].field "ratio": testkit.v1.BindRequest.ratio is a double, to which no claim can be bound: bind a string, an integer or an enum`,
		},
		"bind to bytes": {
			bind("uid", "data"),
			`bind[0].field "data": testkit.v1.BindRequest.data is a bytes, to which no claim can be bound: bind a string, an integer or an enum`,
		},
		"bind to a map": {
			bind("uid", "labels"),
			`bind[0].field "labels": testkit.v1.BindRequest.labels is a map, to which no claim can be bound: compare in the handler`,
		},
		"bind without a field": {
			bind("uid", ""),
			"bind[0].field is empty: name a field of testkit.v1.BindRequest (user, tenant, number, big, unsigned, level, wrapped, wrapped_number, parent, items, names, numbers, maybe, choice, ratio, data, flag, labels)",
		},
		"bind without a claim": {
			bind("", "user"),
			`bind[0].claim is empty: name the claim, such as "tier" or "realm.tier"`,
		},
		"bind on sub with several issuers": {
			bind("sub", "user"),
			"bind[0] binds sub, which is unique within one issuer only, and the verifier trusts 2 (https://a.test, https://b.test): add issuers: with the one whose users the field names",
		},
		"bind on sub by pointer with several issuers": {
			bind("/sub", "user"),
			"bind[0] binds sub, which is unique within one issuer only, and the verifier trusts 2 (https://a.test, https://b.test): add issuers: with the one whose users the field names",
		},
		"a subject by name with several issuers": {
			&grpcauthv1.Rule{Claims: []*grpcauthv1.ClaimMatch{text("sub", "ada")}},
			"claims[0] names a sub, which is unique within one issuer only, and the verifier trusts 2 (https://a.test, https://b.test): add issuers: with the one whose user is meant",
		},
		"a subject that lifts with several issuers": {
			&grpcauthv1.Rule{Scopes: []string{"a"}, Override: &grpcauthv1.Override{Claims: []*grpcauthv1.ClaimMatch{text("/sub", "ada")}}},
			"override.claims[0] names a sub, which is unique within one issuer only, and the verifier trusts 2 (https://a.test, https://b.test): add issuers: with the one whose user is meant",
		},
		"an empty override": {
			&grpcauthv1.Rule{Scopes: []string{"a"}, Override: &grpcauthv1.Override{}},
			"override is empty: name a scope, a role or a claim that lifts the other requirements, or remove it",
		},
		"an override with nothing to lift": {
			&grpcauthv1.Rule{DenyRoles: []string{"a"}, Override: &grpcauthv1.Override{Scopes: []string{"b"}}},
			"override has nothing to lift: it lifts scopes, any_scopes, roles, claims and bind, so add one of them or remove it",
		},
		"no age": {
			&grpcauthv1.Rule{MaxAuthAge: durationpb.New(0)},
			"max_auth_age must be one second or more, in whole seconds: write max_auth_age: {seconds: 300}",
		},
		"a negative age": {
			&grpcauthv1.Rule{MaxAuthAge: durationpb.New(-time.Minute)},
			"max_auth_age must be one second or more, in whole seconds: write max_auth_age: {seconds: 300}",
		},
		"an age with a fraction": {
			&grpcauthv1.Rule{MaxAuthAge: durationpb.New(1500 * time.Millisecond)},
			"max_auth_age must be one second or more, in whole seconds: write max_auth_age: {seconds: 300}",
		},
		"an age that is no duration": {
			&grpcauthv1.Rule{MaxAuthAge: &durationpb.Duration{Seconds: 400_000_000_000}},
			"max_auth_age must be one second or more, in whole seconds: write max_auth_age: {seconds: 300}",
		},
		"stale where nothing is looked up": {
			&grpcauthv1.Rule{SkipRevocation: true, WhenStale: grpcauthv1.WhenStale_WHEN_STALE_ALLOW},
			"when_stale stands beside skip_revocation: revocations that are not looked up are never out of date, so remove one of the two",
		},
		"a session's stream": {
			&grpcauthv1.Rule{StreamLifetime: grpcauthv1.StreamLifetime_STREAM_LIFETIME_SESSION},
			"stream_lifetime: STREAM_LIFETIME_SESSION is not enforced by this version of grpcauth: remove it, and the stream ends with its token",
		},
		"no rule at all": {nil, "there is no rule: write {} for any caller with a valid access token, or a stricter one"},
		"a stream_lifetime of a newer version": {
			&grpcauthv1.Rule{StreamLifetime: 77},
			"stream_lifetime has the value 77, which this version of grpcauth does not know: upgrade the server's grpcauth module",
		},
		"a when_stale of a newer version": {
			&grpcauthv1.Rule{WhenStale: 3},
			"when_stale has the value 3, which this version of grpcauth does not know: upgrade the server's grpcauth module",
		},
		"a field of a newer version": {newer, "Rule has fields that this version of grpcauth does not know: upgrade the server's grpcauth module"},
		"a newer field further down": {below, "Override has fields that this version of grpcauth does not know: upgrade the server's grpcauth module"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Compile(tc.rule, (&testkitv1.BindRequest{}).ProtoReflect().Descriptor(), []string{"https://a.test", "https://b.test"})
			if err == nil || err.Error() != tc.want {
				t.Errorf("Compile = %v\nwant      %s", err, tc.want)
			}
		})
	}
}

func TestCompileTellsEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	_, err := Compile(&grpcauthv1.Rule{
		Scopes: []string{"a b"}, Kinds: []string{"a kind"}, MaxAuthAge: durationpb.New(0),
		Bind: []*grpcauthv1.Binding{{Claim: "a", Field: "nowhere"}, {Claim: "", Field: "user"}},
	}, (&testkitv1.BindRequest{}).ProtoReflect().Descriptor(), nil)
	var joined interface{ Unwrap() []error }
	if j, ok := err.(interface{ Unwrap() []error }); !ok {
		t.Fatalf("Compile = %v", err)
	} else {
		joined = j
	}
	if n := count(joined); n != 5 {
		t.Errorf("%d problems, want 5: %v", n, err)
	}
}

func count(joined interface{ Unwrap() []error }) (n int) {
	for _, err := range joined.Unwrap() {
		if j, ok := err.(interface{ Unwrap() []error }); ok {
			n += count(j)
			continue
		}
		n++
	}
	return n
}

func TestBindNeedsADescriptor(t *testing.T) {
	t.Parallel()
	want := "bind needs the method's request, and no descriptor of the method is known: generate the service from its .proto, or compare in the handler"
	if _, err := Compile(bind("sub", "user"), nil, nil); err == nil || err.Error() != want {
		t.Errorf("Compile = %v\nwant      %s", err, want)
	}
}

func TestCompileKeepsACopy(t *testing.T) {
	t.Parallel()
	rule := &grpcauthv1.Rule{Scopes: []string{"a"}, StreamLifetime: grpcauthv1.StreamLifetime_STREAM_LIFETIME_TOKEN}
	p, err := Compile(rule, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	rule.Scopes = nil
	if len(p.Rule().GetScopes()) != 1 {
		t.Error("changing the rule afterwards opened the method")
	}
}
