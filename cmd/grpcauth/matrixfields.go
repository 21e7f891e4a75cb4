package main

import (
	"slices"
	"strconv"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// claim is `tier = "gold"`.
func (s sentence) claim(match *grpcauthv1.ClaimMatch) sentence {
	return append(s.named("", match.GetPath()).and(" = "), span{Text: valueOf(match), Name: true})
}

// binding is "sub = user.name of the request".
func (s sentence) binding(bind *grpcauthv1.Binding) sentence {
	return s.named("", bind.GetClaim()).and(" = ").named("", bind.GetField()).and(" of the request")
}

// valueOf is the value as JSON has it, so that its type shows.
func valueOf(match *grpcauthv1.ClaimMatch) string {
	switch want := match.GetValue().(type) {
	case *grpcauthv1.ClaimMatch_StringValue:
		return strconv.Quote(want.StringValue)
	case *grpcauthv1.ClaimMatch_BoolValue:
		return strconv.FormatBool(want.BoolValue)
	case *grpcauthv1.ClaimMatch_NumberValue:
		return strconv.FormatFloat(want.NumberValue, 'g', -1, 64)
	}
	return "nothing"
}

// kindsOf are the kinds of token that a rule accepts, as they are compared.
func kindsOf(rule *grpcauthv1.Rule) []string {
	var kinds []string
	for _, typ := range rule.GetKinds() {
		if kind, err := token.ParseKind(typ); err == nil {
			typ = string(kind)
		}
		if !slices.Contains(kinds, typ) {
			kinds = append(kinds, typ)
		}
	}
	if kinds == nil {
		return []string{string(token.Access)}
	}
	return kinds
}

// lifted are the fields set in a rule that an override lifts.
func lifted(rule *grpcauthv1.Rule) []string {
	var fields []string
	for _, f := range []struct {
		name string
		n    int
	}{
		{"scopes", len(rule.GetScopes())},
		{"any_scopes", len(rule.GetAnyScopes())},
		{"roles", len(rule.GetRoles())},
		{"claims", len(rule.GetClaims())},
		{"bind", len(rule.GetBind())},
	} {
		if f.n > 0 {
			fields = append(fields, f.name)
		}
	}
	return fields
}

// overrideSentence is "scopes and bind are lifted by role admin or scope root".
func overrideSentence(rule *grpcauthv1.Rule) sentence {
	return append(liftedSentence(rule).and(" by "), overrideWants(rule)...)
}

// liftedSentence is "scopes and bind are lifted".
func liftedSentence(rule *grpcauthv1.Rule) sentence {
	fields := lifted(rule)
	return sentence(nil).named("and", fields...).and(plural(len(fields), " is lifted", " are lifted"))
}

// overrideWants is "role admin or scope root".
func overrideWants(rule *grpcauthv1.Rule) sentence {
	var s sentence
	for i, way := range lifts(rule.GetOverride()) {
		if i > 0 {
			s = s.and(" or ")
		}
		s = append(s, way...)
	}
	return s
}

// lifts are what lifts, each by itself.
func lifts(override *grpcauthv1.Override) []sentence {
	var ways []sentence
	for _, scope := range override.GetScopes() {
		ways = append(ways, words("scope ").named("", scope))
	}
	for _, role := range override.GetRoles() {
		ways = append(ways, words("role ").named("", role))
	}
	for _, match := range override.GetClaims() {
		ways = append(ways, words("claim ").claim(match))
	}
	return ways
}

func revocationSentences(rule *grpcauthv1.Rule) []sentence {
	var all []sentence
	if rule.GetStreamLifetime() == grpcauthv1.StreamLifetime_STREAM_LIFETIME_SESSION {
		all = append(all, words("a stream outlives its token while the session stands"))
	}
	switch {
	case rule.GetSkipRevocation():
		all = append(all, words("revocation is not looked up"))
	case rule.GetWhenStale() == grpcauthv1.WhenStale_WHEN_STALE_ALLOW:
		all = append(all, words("let in while revocations are out of date"))
	case rule.GetWhenStale() == grpcauthv1.WhenStale_WHEN_STALE_DENY:
		all = append(all, words("refused while revocations are out of date"))
	}
	return all
}
