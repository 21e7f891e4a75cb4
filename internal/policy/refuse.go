package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// refuse finds everything in a rule that can't be right, except for its kinds
// and bindings, which are found where they are compiled.
func refuse(rule *grpcauthv1.Rule, issuers []string) error {
	if rule == nil {
		return errors.New("there is no rule: write {} for any caller with a valid access token, or a stricter one")
	}
	return errors.Join(
		refuseUnknown("", rule.ProtoReflect()),
		refuseUnenforced(rule),
		refusePublicBeside(rule),
		refuseBadNames(rule),
		refuseUntrusted(rule.GetIssuers(), issuers),
		refuseAllowedAndDenied(rule),
		refuseMatches("claims", rule.GetClaims()),
		refuseMatches("override.claims", rule.GetOverride().GetClaims()),
		refuseAmbiguousSubject(rule, issuers),
		refuseOverride(rule),
		refuseMaxAuthAge(rule),
		refuseSkippedStale(rule),
	)
}

// refuseUnknown finds requirements that a newer grpcauth wrote: ignoring one
// would open the method. at is where the message is, "" for the rule itself.
func refuseUnknown(at string, m protoreflect.Message) error {
	if len(m.GetUnknown()) > 0 {
		return fmt.Errorf("%s has fields that this version of grpcauth does not know: upgrade the server's grpcauth module", m.Descriptor().Name())
	}
	var problems error
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		name := at + string(field.Name())
		switch {
		case field.Enum() != nil && field.Enum().Values().ByNumber(v.Enum()) == nil:
			problems = errors.Join(problems, fmt.Errorf("%s has the value %d, which this version of grpcauth does not know: upgrade the server's grpcauth module", name, v.Enum()))
		case field.IsList() && field.Message() != nil:
			for i := range v.List().Len() {
				problems = errors.Join(problems, refuseUnknown(fmt.Sprintf("%s[%d].", name, i), v.List().Get(i).Message()))
			}
		case field.Message() != nil:
			problems = errors.Join(problems, refuseUnknown(name+".", v.Message()))
		}
		return true
	})
	return problems
}

// refuseUnenforced finds what no check stands behind yet.
func refuseUnenforced(rule *grpcauthv1.Rule) error {
	if rule.GetStreamLifetime() == grpcauthv1.StreamLifetime_STREAM_LIFETIME_SESSION {
		return errors.New("stream_lifetime: STREAM_LIFETIME_SESSION is not enforced by this version of grpcauth: remove it, and the stream ends with its token")
	}
	return nil
}

func refusePublicBeside(rule *grpcauthv1.Rule) error {
	if !rule.GetPublic() {
		return nil
	}
	var beside []string
	rule.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if field.Name() != "public" {
			beside = append(beside, string(field.Name()))
		}
		return true
	})
	if len(beside) == 0 {
		return nil
	}
	slices.Sort(beside)
	return fmt.Errorf("public stands beside %s: a public method reads no token, so remove one of the two", strings.Join(beside, ", "))
}

func refuseBadNames(rule *grpcauthv1.Rule) error {
	var problems error
	for _, named := range []struct {
		field string
		names []string
	}{
		{"issuers", rule.GetIssuers()},
		{"scopes", rule.GetScopes()},
		{"any_scopes", rule.GetAnyScopes()},
		{"roles", rule.GetRoles()},
		{"deny_roles", rule.GetDenyRoles()},
		{"override.scopes", rule.GetOverride().GetScopes()},
		{"override.roles", rule.GetOverride().GetRoles()},
	} {
		if slices.Contains(named.names, "") {
			problems = errors.Join(problems, fmt.Errorf("%s holds an empty name, or was given none: name what is required", named.field))
		}
	}
	for _, scope := range slices.Concat(rule.GetScopes(), rule.GetAnyScopes(), rule.GetOverride().GetScopes()) {
		if scope != "" && !token.IsScope(scope) {
			problems = errors.Join(problems, fmt.Errorf("scope %q is none that a token can hold: write each scope as an entry of its own, without white space, quotes or backslashes", scope))
		}
	}
	return problems
}

func refuseUntrusted(wanted, trusted []string) error {
	var problems error
	for _, issuer := range wanted {
		if trusted != nil && issuer != "" && !slices.Contains(trusted, issuer) {
			problems = errors.Join(problems, fmt.Errorf("issuer %q is not one that the verifier trusts (%s)", issuer, strings.Join(trusted, ", ")))
		}
	}
	return problems
}

func refuseAllowedAndDenied(rule *grpcauthv1.Rule) error {
	var problems error
	for _, role := range rule.GetDenyRoles() {
		if slices.Contains(rule.GetRoles(), role) {
			problems = errors.Join(problems, fmt.Errorf("role %q is both in roles and in deny_roles: remove one of the two", role))
		}
		if slices.Contains(rule.GetOverride().GetRoles(), role) {
			problems = errors.Join(problems, fmt.Errorf("role %q is both in override.roles and in deny_roles, which nothing lifts: remove one of the two", role))
		}
	}
	return problems
}

// refuseAmbiguousSubject finds requirements that another issuer's user of the
// same name would meet: a subject is unique within its issuer only (RFC 7519
// §4.1.2).
func refuseAmbiguousSubject(rule *grpcauthv1.Rule, trusted []string) error {
	if len(trusted) < 2 || len(rule.GetIssuers()) > 0 {
		return nil
	}
	var problems error
	for i, bind := range rule.GetBind() {
		if isSubject(bind.GetClaim()) {
			problems = errors.Join(problems, fmt.Errorf("bind[%d] binds sub, which is unique within one issuer only, and the verifier trusts %d (%s): add issuers: with the one whose users the field names", i, len(trusted), strings.Join(trusted, ", ")))
		}
	}
	for _, listed := range []struct {
		field   string
		matches []*grpcauthv1.ClaimMatch
	}{{"claims", rule.GetClaims()}, {"override.claims", rule.GetOverride().GetClaims()}} {
		for i, match := range listed.matches {
			if isSubject(match.GetPath()) {
				problems = errors.Join(problems, fmt.Errorf("%s[%d] names a sub, which is unique within one issuer only, and the verifier trusts %d (%s): add issuers: with the one whose user is meant", listed.field, i, len(trusted), strings.Join(trusted, ", ")))
			}
		}
	}
	return problems
}

func isSubject(path string) bool { return strings.TrimPrefix(path, "/") == "sub" }

func refuseOverride(rule *grpcauthv1.Rule) error {
	override := rule.GetOverride()
	if override == nil {
		return nil
	}
	var problems error
	if len(override.GetScopes())+len(override.GetRoles())+len(override.GetClaims()) == 0 {
		problems = errors.New("override is empty: name a scope, a role or a claim that lifts the other requirements, or remove it")
	}
	if len(rule.GetScopes())+len(rule.GetAnyScopes())+len(rule.GetRoles())+len(rule.GetClaims())+len(rule.GetBind()) == 0 {
		problems = errors.Join(problems, errors.New("override has nothing to lift: it lifts scopes, any_scopes, roles, claims and bind, so add one of them or remove it"))
	}
	return problems
}

func refuseMaxAuthAge(rule *grpcauthv1.Rule) error {
	age := rule.GetMaxAuthAge()
	if age == nil {
		return nil
	}
	if err := age.CheckValid(); err != nil || age.AsDuration() < time.Second || age.GetNanos() != 0 {
		return errors.New("max_auth_age must be one second or more, in whole seconds: write max_auth_age: {seconds: 300}")
	}
	return nil
}

func refuseSkippedStale(rule *grpcauthv1.Rule) error {
	if rule.GetSkipRevocation() && rule.GetWhenStale() != grpcauthv1.WhenStale_WHEN_STALE_UNSPECIFIED {
		return errors.New("when_stale stands beside skip_revocation: revocations that are not looked up are never out of date, so remove one of the two")
	}
	return nil
}

func parseKinds(rule *grpcauthv1.Rule) ([]token.Kind, error) {
	if rule.GetPublic() {
		return nil, nil
	}
	if len(rule.GetKinds()) == 0 {
		return []token.Kind{token.Access}, nil
	}
	var kinds []token.Kind
	var problems error
	for _, typ := range rule.GetKinds() {
		kind, err := token.ParseKind(typ)
		if err != nil {
			problems = errors.Join(problems, fmt.Errorf("kinds: %w", err))
		}
		kinds = append(kinds, kind)
	}
	return kinds, problems
}
