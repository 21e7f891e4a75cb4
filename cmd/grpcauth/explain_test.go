package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// wholeRule uses every field that a token can meet.
func wholeRule() *grpcauthv1.Rule {
	return &grpcauthv1.Rule{
		Issuers: []string{testIssuer}, Kinds: []string{"at+jwt", "id_token"},
		Scopes: []string{"notes.read"}, AnyScopes: []string{"notes.read", "notes.write"},
		Roles: []string{"editor", "owner"}, DenyRoles: []string{"guest"},
		Claims: []*grpcauthv1.ClaimMatch{
			{Path: "tier", Value: &grpcauthv1.ClaimMatch_StringValue{StringValue: "gold"}},
			{Path: "level", Value: &grpcauthv1.ClaimMatch_NumberValue{NumberValue: 3}},
			{Path: "beta", Value: &grpcauthv1.ClaimMatch_BoolValue{BoolValue: true}},
		},
		Bind:              []*grpcauthv1.Binding{{Claim: "sub", Field: "service"}},
		Override:          &grpcauthv1.Override{Roles: []string{"admin"}},
		MaxAuthAge:        durationpb.New(7200e9),
		SenderConstrained: true,
	}
}

func TestExplainACallThatIsLetIn(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	certificate, thumbprint := certificateFile(t)
	raw := f.with(map[string]any{"cnf": map[string]any{"x5t#S256": thumbprint}})
	got := explainRun(t, raw, "", explainArgs(t, f, wholeRule(), raw, "--certificate", certificate, "--request", `{"service": "ada"}`)...)
	if got.code != exitOK || got.stderr != "" {
		t.Errorf("exit %d, %q", got.code, got.stderr)
	}
	golden(t, "../explain/letin.txt", strings.ReplaceAll(got.stdout, "token         ok           "+counted(len(raw), "byte"), "token         ok           N bytes"))
}

func TestExplainACallThatIsRefused(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	rule := &grpcauthv1.Rule{Scopes: []string{"notes.read", "notes.write"}, Roles: []string{"editor"}, Bind: wholeRule().GetBind()}
	raw := f.with(nil)
	got := explainRun(t, raw, "", explainArgs(t, f, rule, raw)...)
	if got.code != exitFailure || got.stderr != "grpcauth: the call would be refused: SCOPE_MISSING\n" {
		t.Errorf("exit %d, %q", got.code, got.stderr)
	}
	golden(t, "../explain/refused.txt", got.stdout)
	got = explainRun(t, raw, "", explainArgs(t, f, rule, raw, "--json")...)
	if got.code != exitFailure {
		t.Errorf("exit %d", got.code)
	}
	golden(t, "../explain/refused.json", got.stdout)
}

// What lets a call in, and what it says of it.
func TestExplainLetsIn(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	good := f.with(nil)
	const asFar = "let in, as far as the token and the rule go"
	lift := &grpcauthv1.Override{Roles: []string{"editor"}}
	for name, c := range map[string]struct {
		rule    *grpcauthv1.Rule
		raw     string
		args    []string
		rows    []string
		verdict string
	}{
		"a public method": {
			rule: &grpcauthv1.Rule{Public: true}, raw: "junk",
			rows:    []string{"rule  ok           written beside the method in grpc/health/v1/health.proto"},
			verdict: "let in: the method is public, so the token is not read",
		},
		"an optional method, without a token": {
			rule:    &grpcauthv1.Rule{Optional: true},
			rows:    []string{"token  ok           none"},
			verdict: "let in as nobody: the rule is optional, and there is no token",
		},
		"an optional method, with a token": {
			rule: &grpcauthv1.Rule{Optional: true}, raw: good,
			rows:    []string{"kind          ok           wants at+jwt"},
			verdict: asFar,
		},
		"a rule that is lifted": {
			rule: &grpcauthv1.Rule{Scopes: []string{"notes.admin"}, Override: lift, Bind: wholeRule().GetBind()}, raw: good, args: []string{"--request", `{"service":"bob"}`},
			rows: []string{
				"override      ok           wants role editor: met, so scopes and bind are lifted",
				"scopes        lifted       wants notes.admin; the token has notes.read",
				"bind[0]       lifted       wants sub = service; the token has \"ada\"",
			},
			verdict: asFar,
		},
		"a binding that is lifted, without a request": {
			rule: &grpcauthv1.Rule{Override: lift, Bind: wholeRule().GetBind()}, raw: good,
			rows: []string{"bind[0]       lifted       wants sub = service; the token has \"ada\""}, verdict: asFar,
		},
		"a rule that is met, and an override that is not": {
			rule: &grpcauthv1.Rule{Scopes: []string{"notes.read"}, Override: &grpcauthv1.Override{Roles: []string{"admin"}}}, raw: good,
			rows: []string{"override      ok           wants role admin: not met, so it lifts nothing", "scopes        ok           wants notes.read; the token has notes.read"}, verdict: asFar,
		},
		"a binding, without a request": {
			rule: &grpcauthv1.Rule{Bind: wholeRule().GetBind()}, raw: good,
			rows:    []string{"bind[0]       not checked  wants sub = service; the token has \"ada\": no --request given"},
			verdict: "let in if the request has what claims are bound to: give it with --request to know",
		},
		"revocations": {
			rule: &grpcauthv1.Rule{}, raw: good, rows: []string{"revocation    not checked  not looked up here"}, verdict: asFar,
		},
		"revocations that are skipped": {
			rule: &grpcauthv1.Rule{SkipRevocation: true}, raw: good, rows: []string{"revocation    ok           not looked up: the rule has skip_revocation"}, verdict: asFar,
		},
		"a kind of one's own": {
			rule: &grpcauthv1.Rule{Kinds: []string{"password-reset+jwt"}}, raw: f.sign(`{"alg":"EdDSA","kid":"k1","typ":"password-reset+jwt"}`, f.payload(nil)),
			rows: []string{"kinds         ok           wants password-reset+jwt; the token has password-reset+jwt"}, verdict: asFar,
		},
		"inside the leeway": {
			rule: &grpcauthv1.Rule{}, raw: f.with(map[string]any{"exp": explainedTime(t).Unix() - 29}),
			rows: []string{"time          ok           expires 2026-01-31T11:59:31Z, accepted for 1s more (leeway 30s)"}, verdict: asFar,
		},
		"at another time": {
			rule: &grpcauthv1.Rule{}, raw: f.with(map[string]any{"exp": explainedTime(t).Unix() + 3600}), args: []string{"--at", "2026-01-31T13:59:59+01:00", "--leeway", "0s"},
			rows: []string{"time          ok           expires 2026-01-31T13:00:00Z, accepted for 1s more (leeway 0s)"}, verdict: asFar,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := explainRun(t, c.raw, "", explainArgs(t, newForger(t), c.rule, c.raw, c.args...)...)
			wantCode, wantErr := exitOK, ""
			if c.verdict != asFar && strings.Contains(c.verdict, "--request") {
				wantCode, wantErr = exitUsage, "grpcauth: whether the call would be let in depends on its request: give it with --request\n"
			}
			if got.code != wantCode || got.stderr != wantErr || !strings.HasSuffix(got.stdout, "\n\n"+c.verdict+"\n") {
				t.Errorf("got %+v", got)
			}
			for _, row := range c.rows {
				if !strings.Contains(got.stdout, "\n  "+row+"\n") {
					t.Errorf("no row %q in\n%s", row, got.stdout)
				}
			}
			if strings.Contains(got.stdout, "not reached") || strings.Contains(got.stdout, "refused") {
				t.Errorf("got %s", got.stdout)
			}
		})
	}
}

// Where there is no rule to hold a token to, there is nothing else to tell.
func TestExplainMethodsWithoutARule(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	good := f.with(nil)
	wrong := method("GetItem")
	wrong.Options = &descriptorpb.MethodOptions{}
	proto.SetExtension(wrong.Options, grpcauthv1.E_Rule, &grpcauthv1.Rule{Public: true, Scopes: []string{"a"}, Roles: []string{""}})
	unreadable := method("GetItem")
	unreadable.Options = &descriptorpb.MethodOptions{}
	unreadable.Options.ProtoReflect().SetUnknown(protowire.AppendBytes(protowire.AppendTag(nil, 51947, protowire.BytesType), []byte{0xff}))
	for name, c := range map[string]struct {
		set, method, detail, reason, cause string
	}{
		"one that can't be read": {
			setOf(t, described(t, "shop.v1.ShopService", unreadable)), "/shop.v1.ShopService/GetItem",
			"", "NOT_PROTECTED",
			"the server does not start with this rule: options of shop.v1.ShopService.GetItem can't be read, correct the rule in shop/v1/ShopService.proto: proto: cannot parse invalid wire-format data",
		},
		"none": {
			setOf(t, described(t, "shop.v1.ShopService", method("GetItem"))), "/shop.v1.ShopService/GetItem",
			"unless the server has one as an option (interceptor.WithRule)", "NO_RULE",
			"no rule covers this method in its .proto: grpcauth init proposes one",
		},
		"grpc's own": {
			setOf(t, healthFile(t, nil)), explainedMethod,
			"unless the server has interceptor.WithPublicInfrastructure()", "NO_RULE",
			"no rule covers this method in its .proto: grpcauth init proposes one",
		},
		"one that can't be right": {
			setOf(t, described(t, "shop.v1.ShopService", wrong)), "/shop.v1.ShopService/GetItem",
			"written beside the method in shop/v1/ShopService.proto", "NOT_PROTECTED",
			"the server does not start with this rule: public stands beside roles, scopes: a public method reads no token, so remove one of the two; roles holds an empty name, or was given none: name what is required",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := explainArgs(t, newForger(t), nil, good, "--json")
			args[slices.Index(args, "--descriptor-set")+1], args[slices.Index(args, "--method")+1] = c.set, c.method
			got := explainRun(t, good, "", args...)
			var told explanation
			if err := json.Unmarshal([]byte(got.stdout), &told); err != nil || got.code != exitFailure || told.Allowed == nil || *told.Allowed || len(told.Checks) != 1 {
				t.Fatalf("%v: %+v", err, got)
			}
			if told.Checks[0].Detail != c.detail || told.Refusal.Reason != c.reason || told.Refusal.Cause != c.cause {
				t.Errorf("got %s", got.stdout)
			}
		})
	}
}

// A token comes from stdin or a file, alone or behind its scheme.
func TestWaysToGiveAToken(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	raw := f.with(nil)
	for name, text := range map[string]string{
		"alone": raw, "a line": raw + "\n", "a line of Windows": raw + "\r\n", "a header": "Bearer " + raw + "\n", "any case": " bearer  " + raw,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := explainRun(t, raw, text, explainArgs(t, newForger(t), &grpcauthv1.Rule{}, "", "--token", "-")...)
			if got.code != exitOK {
				t.Errorf("got %+v", got)
			}
		})
	}
}
