package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/durationpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// refusedCall is a call that some check refuses.
type refusedCall struct {
	name          string
	rule          *grpcauthv1.Rule
	raw           string
	args          []string
	by, detail    string // the check, and what is beside it
	answer, cause string // what the client is told, and what it is not
}

func refusedCalls(f *forger) []refusedCall {
	at := explainedTime(f.t).Unix()
	anyone := &grpcauthv1.Rule{}
	text := func(path, value string) *grpcauthv1.ClaimMatch {
		return &grpcauthv1.ClaimMatch{Path: path, Value: &grpcauthv1.ClaimMatch_StringValue{StringValue: value}}
	}
	claims := func(m ...*grpcauthv1.ClaimMatch) *grpcauthv1.Rule { return &grpcauthv1.Rule{Claims: m} }
	_, other := certificateFile(f.t)
	cert, _ := certificateFile(f.t)
	good := f.with(nil)
	return []refusedCall{
		{
			name: "no token", rule: anyone,
			by: "token", detail: "none, and the rule is not optional",
			answer: "Unauthenticated TOKEN_MISSING: no bearer token was sent",
			cause:  "interceptor: no token in the metadata",
		},
		{
			name: "a token of one segment", rule: anyone, raw: "abc",
			by: "form", detail: "wants three segments of base64url, 8 KiB at most",
			answer: "Unauthenticated TOKEN_MALFORMED: the token is malformed",
			cause:  "token: malformed: the token has not three segments",
		},
		{
			name: "a huge token", rule: anyone, raw: strings.Repeat("a", 1<<20),
			by: "form", detail: "wants three segments of base64url, 8 KiB at most",
			answer: "Unauthenticated TOKEN_MALFORMED: the token is malformed",
			cause:  "token: malformed: the token is longer than 8192 bytes",
		},
		{
			name: "binary", rule: anyone, raw: "\x00\xff\x1b[2J.\x01.\x02",
			by: "form", detail: "wants three segments of base64url, 8 KiB at most",
			answer: "Unauthenticated TOKEN_MALFORMED: the token is malformed",
			cause:  "token: malformed: the token is not strict base64url",
		},
		{
			name: "padding", rule: anyone, raw: good + "=",
			by: "form", detail: "wants three segments of base64url, 8 KiB at most",
			answer: "Unauthenticated TOKEN_MALFORMED: the token is malformed",
			cause:  "token: malformed: the token is not strict base64url",
		},
		{
			name: "no alg", rule: anyone, raw: f.sign(`{"kid":"k1"}`, f.payload(nil)),
			by: "header", detail: "",
			answer: "Unauthenticated TOKEN_MALFORMED: the token is malformed",
			cause:  "token: malformed: the header has no alg",
		},
		{
			name: "crit", rule: anyone, raw: f.sign(`{"alg":"EdDSA","kid":"k1","crit":[]}`, f.payload(nil)),
			by: "header", detail: "",
			answer: "Unauthenticated TOKEN_MALFORMED: the token is malformed",
			cause:  "token: malformed: the header has crit: no extension is understood here",
		},
		{
			name: "another issuer", rule: anyone, raw: f.with(map[string]any{"iss": "https://evil.test\x1b[2J"}),
			by: "issuer", detail: "wants https://auth.test; the token has \"https://evil.test\\x1b[2J\"",
			answer: "Unauthenticated TOKEN_ISSUER: the token's issuer is not trusted",
			cause:  "token: issuer is not trusted: \"https://evil.test\\x1b[2J\"",
		},
		{
			name: "no issuer", rule: anyone, raw: f.with(map[string]any{"iss": nil}),
			by: "issuer", detail: "wants https://auth.test; the token has \"\"",
			answer: "Unauthenticated TOKEN_ISSUER: the token's issuer is not trusted",
			cause:  "token: issuer is not trusted: \"\"",
		},
		{
			name: "a payload that is no object", rule: anyone, raw: f.sign(accessHeader, `[]`),
			by: "issuer", detail: "wants https://auth.test; the token has \"\"",
			answer: "Unauthenticated TOKEN_MALFORMED: the token is malformed",
			cause:  "token: malformed: the payload is not a JSON object",
		},
		{
			name: "alg none", rule: anyone, raw: f.sign(`{"alg":"none","kid":"k1","typ":"at+jwt"}`, f.payload(nil)),
			by: "key", detail: "keys are those of JWKS",
			answer: "Unauthenticated TOKEN_SIGNATURE: the token's signature is invalid",
			cause:  "token: signature is not valid: algorithm \"none\" is not supported",
		},
		{
			name: "an algorithm that is not the key's", rule: anyone, raw: f.sign(`{"alg":"HS256","kid":"k1","typ":"at+jwt"}`, f.payload(nil)),
			by: "key", detail: "EdDSA, id \"k1\"",
			answer: "Unauthenticated TOKEN_SIGNATURE: the token's signature is invalid",
			cause:  "token: signature is not valid: HS256 under a key for EdDSA",
		},
		{
			name: "an unknown key", rule: anyone, raw: f.sign(`{"alg":"EdDSA","kid":"k2","typ":"at+jwt"}`, f.payload(nil)),
			by: "key", detail: "keys are those of JWKS",
			answer: "Unauthenticated TOKEN_KEY_UNKNOWN: the token's key is unknown",
			cause:  "token: key \"k2\": token: key is not known",
		},
		{
			name: "no key for an algorithm", rule: anyone, raw: f.sign(`{"alg":"RS256","typ":"at+jwt"}`, f.payload(nil)),
			by: "key", detail: "keys are those of JWKS",
			answer: "Unauthenticated TOKEN_SIGNATURE: the token's signature is invalid",
			cause:  "token: signature is not valid: no kid, and not exactly one key for RS256",
		},
		{
			name: "a swapped signature", rule: anyone, raw: good[:strings.LastIndexByte(good, '.')] + "." + encode("nothing"),
			by: "signature", detail: "wants one that is right under this key",
			answer: "Unauthenticated TOKEN_SIGNATURE: the token's signature is invalid",
			cause:  "token: signature is not valid under key \"k1\"",
		},
		{
			name: "text after iss that is no JSON", rule: anyone, raw: f.sign(accessHeader, `{"iss":"`+testIssuer+`",}`),
			by: "claims", detail: "",
			answer: "Unauthenticated TOKEN_MALFORMED: the token is malformed",
			cause:  "token: malformed: the payload is not strict JSON",
		},
		{
			name: "no subject", rule: anyone, raw: f.with(map[string]any{"sub": nil}),
			by: "claims", detail: "",
			answer: "Unauthenticated TOKEN_CLAIMS: a required claim of the token is missing or malformed",
			cause:  "token: claims are not valid: sub is missing or empty",
		},
		{
			name: "an expiry that is a string", rule: anyone, raw: f.with(map[string]any{"exp": "soon"}),
			by: "claims", detail: "",
			answer: "Unauthenticated TOKEN_CLAIMS: a required claim of the token is missing or malformed",
			cause:  "token: claims are not valid: exp has the wrong form",
		},
		{
			name: "expired", rule: anyone, raw: f.with(map[string]any{"exp": at - 31}),
			by: "time", detail: "",
			answer: "Unauthenticated TOKEN_EXPIRED: the token has expired",
			cause:  "token: expired at 2026-01-31T11:59:29Z",
		},
		{
			name: "not yet valid", rule: anyone, raw: f.with(map[string]any{"nbf": at + 31}),
			by: "time", detail: "",
			answer: "Unauthenticated TOKEN_NOT_YET_VALID: the token is not valid yet",
			cause:  "token: not valid yet: nbf is 2026-01-31T12:00:31Z",
		},
		{
			name: "made in the future", rule: anyone, raw: f.with(map[string]any{"iat": at + 31}),
			by: "time", detail: "",
			answer: "Unauthenticated TOKEN_NOT_YET_VALID: the token is not valid yet",
			cause:  "token: not valid yet: iat is 2026-01-31T12:00:31Z",
		},
		{
			name: "another audience", rule: anyone, raw: f.with(map[string]any{"aud": []string{"https://elsewhere.test", "x"}}),
			by: "audience", detail: "the token has [\"https://elsewhere.test\",\"x\"]",
			answer: "Unauthenticated TOKEN_AUDIENCE: the token is meant for another audience",
			cause:  "token: made for another audience: want one of [\"https://notes.test\"]",
		},
		{
			name: "no audience", rule: anyone, raw: f.with(map[string]any{"aud": nil}),
			by: "audience", detail: "the token has no aud",
			answer: "Unauthenticated TOKEN_AUDIENCE: the token is meant for another audience",
			cause:  "token: made for another audience: want one of [\"https://notes.test\"]",
		},
		{
			name: "another kind", rule: anyone, raw: f.sign(`{"alg":"EdDSA","kid":"k1","typ":"password-reset+jwt"}`, f.payload(nil)),
			by: "kind", detail: "wants at+jwt",
			answer: "Unauthenticated TOKEN_KIND: this kind of token is not accepted here",
			cause:  "token: kind is not accepted here: \"password-reset+jwt\"",
		},
		{
			name: "an access token where another kind is wanted", rule: &grpcauthv1.Rule{Kinds: []string{"password-reset+jwt"}}, raw: good,
			by: "kind", detail: "wants password-reset+jwt",
			answer: "Unauthenticated TOKEN_KIND: this kind of token is not accepted here",
			cause:  "token: kind is not accepted here: \"at+jwt\"",
		},
		{
			name: "an ID token", rule: anyone, raw: f.sign(`{"alg":"EdDSA","kid":"k1","typ":"JWT"}`, f.payload(nil)),
			by: "kind", detail: "wants at+jwt",
			answer: "Unauthenticated TOKEN_KIND: this kind of token is not accepted here",
			cause:  "token: kind is not accepted here: \"id_token\"",
		},
		{
			name: "no client", rule: anyone, raw: f.with(map[string]any{"client_id": nil}),
			by: "profile", detail: "wants what every access token has",
			answer: "Unauthenticated TOKEN_CLAIMS: a required claim of the token is missing or malformed",
			cause:  "token: claims are not valid: client_id is missing or empty",
		},
		{
			name: "bound, and no certificate", rule: anyone, raw: f.with(map[string]any{"cnf": map[string]any{"x5t#S256": other}}),
			by: "confirmation", detail: "bound to a certificate, and no --certificate given",
			answer: "Unauthenticated TOKEN_BINDING: the token is bound to another connection",
			cause:  "interceptor: the token is bound to a certificate and this connection's TLS handshake had none: have the server ask for one (tls.Config.ClientAuth)",
		},
		{
			name: "bound to another certificate", rule: anyone, raw: f.with(map[string]any{"cnf": map[string]any{"x5t#S256": other}}), args: []string{"--certificate", cert},
			by: "confirmation", detail: "bound to a certificate",
			answer: "Unauthenticated TOKEN_BINDING: the token is bound to another connection",
			cause:  "interceptor: the token is bound to another certificate than this connection's",
		},
		{
			name: "bound in an unknown way", rule: anyone, raw: f.with(map[string]any{"cnf": map[string]any{"jkt": "x"}}), args: []string{"--certificate", cert},
			by: "confirmation", detail: "bound to a certificate",
			answer: "Unauthenticated TOKEN_BINDING: the token is bound to another connection",
			cause:  "interceptor: the token has a confirmation (cnf) other than x5t#S256, which can't be checked",
		},
		{
			name: "sender-constrained", rule: &grpcauthv1.Rule{SenderConstrained: true}, raw: good,
			by: "confirmation", detail: "not bound to a certificate, and the rule has sender_constrained",
			answer: "Unauthenticated TOKEN_UNBOUND: a token bound to a client certificate is needed",
			cause:  "interceptor: the rule wants a token that is bound to the caller's certificate (cnf with x5t#S256): have the issuer bind it",
		},
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
			by: "bind[0]", detail: "wants sub = service",
			answer: "PermissionDenied BINDING_MISMATCH: the request is about somebody else",
			cause:  "policy: a claim does not equal the request's field: sub = service, service is another in the request",
		},
		{
			name: "bound to nothing", rule: &grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: "sub", Field: "service"}}}, raw: good, args: []string{"--request", `{}`},
			by: "bind[0]", detail: "wants sub = service",
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

// Each check refuses in its own words, and in those of the server: a guarded
// one is asked the same.
//
// checklist: B2
func TestExplainedRefusals(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	for _, c := range refusedCalls(f) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newForger(t)
			args := explainArgs(t, f, c.rule, c.raw, c.args...)
			got := explainRun(t, c.raw, "", args...)
			told := strings.ReplaceAll(got.stdout, valueOfFlag(args, "--jwks"), "JWKS")
			code, rest, _ := strings.Cut(c.answer, " ")
			reason, message, _ := strings.Cut(rest, ": ")
			message, metadata, _ := strings.Cut(message, ", ")
			if metadata != "" {
				metadata = "\n  metadata " + metadata
			}
			if want := "\n\nrefused by " + c.by + "; the client is told all of this but the cause" +
				"\n  code     " + code + "\n  reason   " + reason + "\n  message  " + message + metadata + "\n  cause    " + c.cause + "\n"; !strings.HasSuffix(told, want) {
				t.Errorf("it ends otherwise:\n%s\nwant\n%s", told, want)
			}
			if want := "grpcauth: the call would be refused: " + reason + "\n"; got.code != exitFailure || got.stderr != want {
				t.Errorf("exit %d, %q", got.code, got.stderr)
			}
			checkRows(t, told, c.by, c.detail)
			checkServerSays(t, f, c, code, reason, message)
		})
	}
}

// checkRows sees to it that what comes before the refusal was asked, and what
// comes after was not.
func checkRows(t *testing.T, told, by, detail string) {
	t.Helper()
	seen := false
	for line := range strings.Lines(told) {
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "  "), " ")
		if !ok || !strings.HasPrefix(line, "  ") || name == "code" {
			continue
		}
		if seen && strings.TrimSpace(rest) == "not reached" {
			continue
		}
		if seen {
			break
		}
		state, text, _ := strings.Cut(strings.TrimSpace(rest), "  ")
		if name == by {
			seen = true
			if state != "refused" || strings.TrimSpace(text) != detail {
				t.Errorf("%s %s, want %q", name, rest, detail)
			}
		} else if state != "ok" && state != "not checked" {
			t.Errorf("before the refusal: %s", line)
		}
	}
	if !seen {
		t.Errorf("there is no check %s in\n%s", by, told)
	}
}

func valueOfFlag(args []string, flag string) string { return args[slices.Index(args, flag)+1] }
