package main

import (
	"fmt"

	"google.golang.org/protobuf/types/known/durationpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// refusedByRules are calls whose token is good, but not for the method.
func refusedByRules(f *forger) []refusedCall {
	text := func(path, value string) *grpcauthv1.ClaimMatch {
		return &grpcauthv1.ClaimMatch{Path: path, Value: &grpcauthv1.ClaimMatch_StringValue{StringValue: value}}
	}
	claims := func(m ...*grpcauthv1.ClaimMatch) *grpcauthv1.Rule { return &grpcauthv1.Rule{Claims: m} }
	good := f.with(nil)
	return []refusedCall{
		{
			name: "an issuer that the rule does not take", rule: &grpcauthv1.Rule{Issuers: []string{"https://other.test", "https://third.test"}}, raw: good,
			by: "issuers", detail: "wants one of https://other.test, https://third.test; the token has https://auth.test",
			answer: "PermissionDenied ISSUER_DENIED: the token's issuer may not call this method",
			cause:  "policy: the rule does not accept this issuer",
		},
		{
			name: "an old login", rule: &grpcauthv1.Rule{MaxAuthAge: durationpb.New(300e9)}, raw: good,
			by: "max_auth_age", detail: "wants a login at most 5m0s ago; it was 1h0m0s ago",
			answer: "Unauthenticated REAUTHENTICATION_REQUIRED: a more recent login is needed, max_auth_age = 300",
			cause:  "policy: the caller's login is too long ago",
		},
		{
			name: "no login", rule: &grpcauthv1.Rule{MaxAuthAge: durationpb.New(300e9)}, raw: f.with(map[string]any{"auth_time": nil}),
			by: "max_auth_age", detail: "wants a login at most 5m0s ago; the token has no auth_time",
			answer: "Unauthenticated REAUTHENTICATION_REQUIRED: a more recent login is needed, max_auth_age = 300",
			cause:  "policy: the caller's login is too long ago",
		},
		{
			name: "a denied role", rule: &grpcauthv1.Rule{DenyRoles: []string{"editor"}}, raw: good,
			by: "deny_roles", detail: "wants none of editor; the token has editor",
			answer: "PermissionDenied ROLE_DENIED: the caller has a role that is refused",
			cause:  "policy: the caller has a role that the rule denies",
		},
		{
			name: "scopes", rule: &grpcauthv1.Rule{Scopes: []string{"notes.read", "notes.write"}}, raw: good,
			by: "scopes", detail: "wants all of notes.read, notes.write; the token has notes.read",
			answer: "PermissionDenied SCOPE_MISSING: the token lacks a scope, scopes = notes.read notes.write",
			cause:  "policy: the token lacks a scope of the rule",
		},
		{
			name: "any scopes, and none there", rule: &grpcauthv1.Rule{AnyScopes: []string{"a", "b"}}, raw: f.with(map[string]any{"scope": nil}),
			by: "any_scopes", detail: "wants one of a, b; the token has none",
			answer: "PermissionDenied SCOPE_MISSING: the token lacks a scope, scopes = a b",
			cause:  "policy: the token lacks a scope of the rule",
		},
		{
			name: "roles", rule: &grpcauthv1.Rule{Roles: []string{"admin", "owner"}}, raw: good,
			by: "roles", detail: "wants one of admin, owner; the token has editor",
			answer: "PermissionDenied ROLE_MISSING: the caller lacks a role",
			cause:  "policy: the caller has none of the rule's roles",
		},
		{
			name: "many roles", rule: &grpcauthv1.Rule{Roles: []string{"admin"}}, raw: f.with(map[string]any{"roles": manyRoles()}),
			by: "roles", detail: "wants admin; the token has r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13, r14, r15, r16, r17, r18, r19 and 5 more",
			answer: "PermissionDenied ROLE_MISSING: the caller lacks a role",
			cause:  "policy: the caller has none of the rule's roles",
		},
		{
			name: "a role with control characters", rule: &grpcauthv1.Rule{Roles: []string{"admin"}}, raw: f.with(map[string]any{"roles": "\x1b[2J\nok"}),
			by: "roles", detail: "wants admin; the token has \"\\x1b[2J\\nok\"",
			answer: "PermissionDenied ROLE_MISSING: the caller lacks a role",
			cause:  "policy: the caller has none of the rule's roles",
		},
		{
			name: "a claim that is missing", rule: claims(text("tier", "gold"), text("realm.tier", "gold")), raw: good,
			by: "claims[1]", detail: "wants realm.tier = \"gold\"; the token has none",
			answer: "PermissionDenied CLAIM_MISSING: the token lacks a claim",
			cause:  "policy: a claim of the rule is not there: realm.tier",
		},
		{
			name: "a claim with another value", rule: claims(text("tier", "silver")), raw: good,
			by: "claims[0]", detail: "wants tier = \"silver\"; the token has \"gold\"",
			answer: "PermissionDenied CLAIM_MISMATCH: a claim of the token has another value",
			cause:  "policy: a claim has another value, or another type, than the rule wants: tier = \"silver\"",
		},
		{
			name: "a claim of another type", rule: claims(text("level", "3")), raw: good,
			by: "claims[0]", detail: "wants level = \"3\"; the token has 3",
			answer: "PermissionDenied CLAIM_MISMATCH: a claim of the token has another value",
			cause:  "policy: a claim has another value, or another type, than the rule wants: level = \"3\"",
		},
		{
			name: "a claim that is true", rule: claims(text("beta", "true")), raw: good,
			by: "claims[0]", detail: "wants beta = \"true\"; the token has true",
			answer: "PermissionDenied CLAIM_MISMATCH: a claim of the token has another value",
			cause:  "policy: a claim has another value, or another type, than the rule wants: beta = \"true\"",
		},
		{
			name: "a list without the value", rule: claims(text("groups", "b")), raw: good,
			by: "claims[0]", detail: "wants groups = \"b\"; the token has the list \"a\", 1, false, another kind of value",
			answer: "PermissionDenied CLAIM_MISMATCH: a claim of the token has another value",
			cause:  "policy: a claim has another value, or another type, than the rule wants: groups = \"b\"",
		},
		{
			name: "an override that is not met", rule: &grpcauthv1.Rule{Scopes: []string{"notes.admin"}, Override: &grpcauthv1.Override{Roles: []string{"admin"}}}, raw: good,
			by: "scopes", detail: "wants notes.admin; the token has notes.read",
			answer: "PermissionDenied SCOPE_MISSING: the token lacks a scope, scopes = notes.admin",
			cause:  "policy: the token lacks a scope of the rule",
		},
		{
			name: "bound to another user", rule: &grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: "sub", Field: "service"}}}, raw: good, args: []string{"--request", `{"service":"bob"}`},
			by: "bind[0]", detail: "wants sub = service; the token has \"ada\"",
			answer: "PermissionDenied BINDING_MISMATCH: the request is about somebody else",
			cause:  "policy: a claim does not equal the request's field: sub = service, service has another value in the request",
		},
		{
			name: "bound to nothing", rule: &grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: "sub", Field: "service"}}}, raw: good, args: []string{"--request", `{}`},
			by: "bind[0]", detail: "wants sub = service; the token has \"ada\"",
			answer: "PermissionDenied BINDING_MISMATCH: the request is about somebody else",
			cause:  "policy: a claim does not equal the request's field: sub = service, service is missing or empty in the request",
		},
	}
}

func manyRoles() []string {
	roles := make([]string, 25)
	for i := range roles {
		roles[i] = fmt.Sprintf("r%d", i)
	}
	return roles
}
