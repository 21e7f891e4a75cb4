package interceptor

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/durationpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

func withUnknownField() *grpcauthv1.Rule {
	r := &grpcauthv1.Rule{}
	r.ProtoReflect().SetUnknown(protowire.AppendTag(nil, 17, protowire.BytesType))
	return r
}

// PARITY 45: a rule that can't be right is refused, with the fix.
func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	nested := &grpcauthv1.Rule{Override: &grpcauthv1.Override{}}
	nested.GetOverride().ProtoReflect().SetUnknown(protowire.AppendTag(nil, 99, protowire.VarintType))
	for name, tc := range map[string]struct {
		rule *grpcauthv1.Rule
		want string
	}{
		"45 public beside scopes":    {&grpcauthv1.Rule{Public: true, Scopes: []string{"a"}}, "public stands beside scopes"},
		"45 public beside optional":  {&grpcauthv1.Rule{Public: true, Optional: true}, "public stands beside optional"},
		"a role allowed and denied":  {&grpcauthv1.Rule{Roles: []string{"r"}, DenyRoles: []string{"r"}}, `role "r" is both in roles and in deny_roles`},
		"an empty scope":             {&grpcauthv1.Rule{Scopes: []string{""}}, "scopes holds an empty name"},
		"an empty role":              {&grpcauthv1.Rule{Roles: []string{""}}, "roles holds an empty name"},
		"two scopes in one":          {&grpcauthv1.Rule{AnyScopes: []string{"a b"}}, `scope "a b" holds white space`},
		"an issuer nobody trusts":    {&grpcauthv1.Rule{Issuers: []string{"https://evil.test"}}, `issuer "https://evil.test" is not one that the verifier trusts`},
		"a kind that is none":        {&grpcauthv1.Rule{Kinds: []string{"not a kind"}}, "kinds: "},
		"claims not enforced":        {&grpcauthv1.Rule{Claims: []*grpcauthv1.ClaimMatch{{Path: "a"}}}, "claims is not enforced by this version"},
		"bind not enforced":          {&grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: "sub"}}}, "bind is not enforced"},
		"override not enforced":      {&grpcauthv1.Rule{Override: &grpcauthv1.Override{}}, "override is not enforced"},
		"max_auth_age not enforced":  {&grpcauthv1.Rule{MaxAuthAge: durationpb.New(1)}, "max_auth_age is not enforced"},
		"sender_constrained":         {&grpcauthv1.Rule{SenderConstrained: true}, "sender_constrained is not enforced"},
		"skip_revocation":            {&grpcauthv1.Rule{SkipRevocation: true}, "skip_revocation is not enforced"},
		"stream_lifetime SESSION":    {&grpcauthv1.Rule{StreamLifetime: grpcauthv1.StreamLifetime_STREAM_LIFETIME_SESSION}, "stream_lifetime is not enforced"},
		"an unknown stream_lifetime": {&grpcauthv1.Rule{StreamLifetime: 77}, "stream_lifetime is not enforced"},
		"when_stale":                 {&grpcauthv1.Rule{WhenStale: grpcauthv1.WhenStale_WHEN_STALE_ALLOW}, "when_stale is not enforced"},
		"a field of a newer version": {withUnknownField(), "Rule has fields that this version of grpcauth does not know"},
		"a newer field further down": {nested, "Override has fields that this version of grpcauth does not know"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := compile(tc.rule, []string{"https://issuer.test"})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("compile = %v\nwant an error with %q", err, tc.want)
			}
		})
	}
}

func TestCompileKeepsACopy(t *testing.T) {
	t.Parallel()
	rule := &grpcauthv1.Rule{Scopes: []string{"a"}, StreamLifetime: grpcauthv1.StreamLifetime_STREAM_LIFETIME_TOKEN}
	p, err := compile(rule, nil)
	if err != nil {
		t.Fatal(err)
	}
	rule.Scopes = nil
	if len(p.rule.GetScopes()) != 1 {
		t.Error("changing the rule afterwards opened the method")
	}
}
