package interceptor_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

const (
	claimMissing    = grpcauthv1.Reason_REASON_CLAIM_MISSING
	claimMismatch   = grpcauthv1.Reason_REASON_CLAIM_MISMATCH
	bindingMismatch = grpcauthv1.Reason_REASON_BINDING_MISMATCH
	reauthenticate  = grpcauthv1.Reason_REASON_REAUTHENTICATION_REQUIRED
	issuerDenied    = grpcauthv1.Reason_REASON_ISSUER_DENIED
)

// ruled serves a unary method and a stream of each shape, all under one rule.
func ruled(t *testing.T, issuer *authtest.Issuer, rule *grpcauthv1.Rule, options ...interceptor.Option) *authtest.Server {
	t.Helper()
	return authtest.NewServer(t, issuer, func(r grpc.ServiceRegistrar) {
		testkitv1.RegisterStreamsServiceServer(r, streams{})
	}, append(options, interceptor.OverrideRule("/testkit.v1.StreamsService/*", rule))...)
}

// wantsEachShape calls a method of each shape twice, because the second call
// finds the token proven.
func wantsEachShape(t *testing.T, conn *grpc.ClientConn, want outcome, subject string) {
	t.Helper()
	for _, call := range []string{"first call", "second call"} {
		t.Run(call, func(t *testing.T) {
			eachShape(t, conn, t.Context(), func(t *testing.T, got string, err error) {
				want.check(t, err)
				if got != "" && got != subject {
					t.Errorf("the handler saw %q, want %q", got, subject)
				}
			})
		})
	}
}

func tier(name string) *grpcauthv1.ClaimMatch {
	return &grpcauthv1.ClaimMatch{Path: "realm.tier", Value: &grpcauthv1.ClaimMatch_StringValue{StringValue: name}}
}

func verifiedEmail() *grpcauthv1.ClaimMatch {
	return &grpcauthv1.ClaimMatch{Path: "email_verified", Value: &grpcauthv1.ClaimMatch_BoolValue{BoolValue: true}}
}

// PARITY 28 to 30, 36, 37, 39, 40: each field of a rule, unary and in each
// shape of stream.
func TestRuleFields(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	reset, err := token.NewKind("password-reset")
	if err != nil {
		t.Fatal(err)
	}
	gold := map[string]any{"realm": map[string]any{"tier": "gold"}, "email_verified": true}
	override := &grpcauthv1.Override{Scopes: []string{"root"}, Roles: []string{"admin"}, Claims: []*grpcauthv1.ClaimMatch{tier("staff")}}
	for name, tc := range map[string]struct {
		rule *grpcauthv1.Rule
		spec token.Spec
		want outcome
	}{
		"28 the kind of the rule":                 {&grpcauthv1.Rule{Kinds: []string{string(reset)}}, token.Spec{Kind: reset}, ok},
		"28 an access token for another kind":     {&grpcauthv1.Rule{Kinds: []string{string(reset)}}, token.Spec{}, unauthenticated(wrongKind)},
		"28 another kind for an access token":     {&grpcauthv1.Rule{}, token.Spec{Kind: reset}, unauthenticated(wrongKind)},
		"28 one of two kinds":                     {&grpcauthv1.Rule{Kinds: []string{"at+jwt", string(reset)}}, token.Spec{Kind: reset}, ok},
		"28 the other one of two kinds":           {&grpcauthv1.Rule{Kinds: []string{"at+jwt", string(reset)}}, token.Spec{}, ok},
		"29 a login that is recent":               {&grpcauthv1.Rule{MaxAuthAge: durationpb.New(time.Hour)}, token.Spec{AuthTime: time.Now().Add(-time.Minute)}, ok},
		"29 a login that is not":                  {&grpcauthv1.Rule{MaxAuthAge: durationpb.New(time.Minute)}, token.Spec{AuthTime: time.Now().Add(-time.Hour)}, unauthenticated(reauthenticate)},
		"29 a token that names no login":          {&grpcauthv1.Rule{MaxAuthAge: durationpb.New(time.Hour)}, token.Spec{}, unauthenticated(reauthenticate)},
		"30 optional with requirements that hold": {&grpcauthv1.Rule{Optional: true, Scopes: []string{"a"}}, token.Spec{Scopes: []string{"a"}}, ok},
		"30 optional with one that does not":      {&grpcauthv1.Rule{Optional: true, Scopes: []string{"a"}}, token.Spec{}, denied(scopeMissing)},
		"30 optional with the wrong kind":         {&grpcauthv1.Rule{Optional: true}, token.Spec{Kind: reset}, unauthenticated(wrongKind)},
		"36 all scopes":                           {interceptor.Scopes("a", "b"), token.Spec{Scopes: []string{"b", "a", "c"}}, ok},
		"36 one of two scopes":                    {interceptor.Scopes("a", "b"), token.Spec{Scopes: []string{"a"}}, denied(scopeMissing)},
		"36 no scope":                             {interceptor.Scopes("a"), token.Spec{}, denied(scopeMissing)},
		"36 any scope":                            {interceptor.AnyScopes("a", "b"), token.Spec{Scopes: []string{"b"}}, ok},
		"36 none of any scopes":                   {interceptor.AnyScopes("a", "b"), token.Spec{Scopes: []string{"c"}}, denied(scopeMissing)},
		"37 claims that match":                    {&grpcauthv1.Rule{Claims: []*grpcauthv1.ClaimMatch{tier("gold"), verifiedEmail()}}, token.Spec{Claims: gold}, ok},
		"37 a claim that is another":              {&grpcauthv1.Rule{Claims: []*grpcauthv1.ClaimMatch{tier("tin"), verifiedEmail()}}, token.Spec{Claims: gold}, denied(claimMismatch)},
		"37 a claim that is missing":              {&grpcauthv1.Rule{Claims: []*grpcauthv1.ClaimMatch{tier("gold")}}, token.Spec{}, denied(claimMissing)},
		"37 the last of several claims":           {&grpcauthv1.Rule{Claims: []*grpcauthv1.ClaimMatch{tier("gold"), verifiedEmail()}}, token.Spec{Claims: map[string]any{"realm": gold["realm"], "email_verified": 1}}, denied(claimMismatch)},
		"37 true in a string":                     {&grpcauthv1.Rule{Claims: []*grpcauthv1.ClaimMatch{verifiedEmail()}}, token.Spec{Claims: map[string]any{"email_verified": "true"}}, denied(claimMismatch)},
		"39 a scope lifts":                        {&grpcauthv1.Rule{Roles: []string{"owner"}, Override: override}, token.Spec{Scopes: []string{"root"}}, ok},
		"39 a role lifts":                         {&grpcauthv1.Rule{Scopes: []string{"a"}, Override: override}, token.Spec{Roles: []string{"admin"}}, ok},
		"39 a claim lifts":                        {&grpcauthv1.Rule{Claims: []*grpcauthv1.ClaimMatch{tier("gold")}, Override: override}, token.Spec{Claims: map[string]any{"realm": map[string]any{"tier": "staff"}}}, ok},
		"39 the rule alone":                       {&grpcauthv1.Rule{Scopes: []string{"a"}, Override: override}, token.Spec{Scopes: []string{"a"}}, ok},
		"39 neither":                              {&grpcauthv1.Rule{Scopes: []string{"a"}, Override: override}, token.Spec{Scopes: []string{"b"}}, denied(scopeMissing)},
		"39 deny_roles are not lifted":            {&grpcauthv1.Rule{Scopes: []string{"a"}, DenyRoles: []string{"suspended"}, Override: override}, token.Spec{Roles: []string{"admin", "suspended"}}, denied(roleDenied)},
		"39 kinds are not lifted":                 {&grpcauthv1.Rule{Scopes: []string{"a"}, Kinds: []string{string(reset)}, Override: override}, token.Spec{Roles: []string{"admin"}}, unauthenticated(wrongKind)},
		"39 max_auth_age is not lifted":           {&grpcauthv1.Rule{Scopes: []string{"a"}, MaxAuthAge: durationpb.New(time.Minute), Override: override}, token.Spec{Roles: []string{"admin"}}, unauthenticated(reauthenticate)},
		"39 sender_constrained is not lifted":     {&grpcauthv1.Rule{Scopes: []string{"a"}, SenderConstrained: true, Override: override}, token.Spec{Roles: []string{"admin"}}, unauthenticated(grpcauthv1.Reason_REASON_TOKEN_UNBOUND)},
		"40 a role that is allowed":               {interceptor.Roles("admin", "owner"), token.Spec{Roles: []string{"owner"}}, ok},
		"40 no role that is allowed":              {interceptor.Roles("admin", "owner"), token.Spec{Roles: []string{"reader"}}, denied(roleMissing)},
		"40 a denied role beside an allowed one":  {&grpcauthv1.Rule{Roles: []string{"admin"}, DenyRoles: []string{"suspended"}}, token.Spec{Roles: []string{"admin", "suspended"}}, denied(roleDenied)},
		"40 a denied role alone":                  {&grpcauthv1.Rule{DenyRoles: []string{"suspended"}}, token.Spec{Roles: []string{"suspended"}}, denied(roleDenied)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.spec.Subject = "ada"
			wantsEachShape(t, ruled(t, issuer, tc.rule).With(tc.spec), tc.want, "ada")
		})
	}
}

// PARITY 30 and 31: nobody is let in, and nobody is asked about.
func TestOptionalWithoutAToken(t *testing.T) {
	t.Parallel()
	noUser := interceptor.WithUser(func(context.Context, *token.Claims) (string, error) {
		t.Error("31 a user was loaded for nobody")
		return "", nil
	})
	noCheck := interceptor.WithCheck(func(context.Context, *token.Claims) error {
		t.Error("31 the server's check was asked about nobody")
		return nil
	})
	for name, rule := range map[string]*grpcauthv1.Rule{
		"30 alone":          interceptor.Optional(),
		"30 beside scopes":  {Optional: true, Scopes: []string{"a"}},
		"30 beside a login": {Optional: true, MaxAuthAge: durationpb.New(time.Minute)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantsEachShape(t, ruled(t, authtest.NewIssuer(t), rule, noUser, noCheck).Anonymous(), ok, "nobody")
		})
	}
}

// PARITY 30: whoever sends a token must send a good one, also where they need
// not send any.
func TestOptionalWithABadToken(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	conn := ruled(t, issuer, interceptor.Optional()).Anonymous()
	good := "Bearer " + issuer.Token(token.Spec{Subject: "ada"})
	for name, tc := range map[string]struct {
		values []string
		want   outcome
	}{
		"30 a good one":          {[]string{good}, ok},
		"30 another scheme":      {[]string{"Basic x"}, ok}, // which is no token here
		"30 two of them":         {[]string{good, good}, unauthenticated(multiple)},
		"30 one and nothing":     {[]string{good, ""}, unauthenticated(multiple)},
		"30 an empty one":        {[]string{"Bearer "}, unauthenticated(malformed)},
		"30 the scheme alone":    {[]string{"Bearer"}, unauthenticated(malformed)},
		"30 one that is too big": {[]string{"Bearer " + strings.Repeat("a", 9<<10)}, unauthenticated(malformed)},
		"30 junk":                {[]string{"Bearer junk"}, unauthenticated(malformed)},
		"30 expired":             {[]string{"Bearer " + issuer.Expired(token.Spec{Subject: "ada"})}, unauthenticated(expired)},
		"30 for another service": {[]string{"Bearer " + issuer.WrongAudience(token.Spec{Subject: "ada"})}, unauthenticated(audience)},
		"30 by another key":      {[]string{"Bearer " + issuer.WrongKey(token.Spec{Subject: "ada"})}, unauthenticated(signature)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachShape(t, conn, sending(t, tc.values...), func(t *testing.T, _ string, err error) { tc.want.check(t, err) })
		})
	}
}
