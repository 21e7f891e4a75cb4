package interceptor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/token"
)

// Why a rule refused a token that is valid.
var (
	errScopeMissing = fault.New(grpcauthv1.Reason_REASON_SCOPE_MISSING, "interceptor: the token lacks a scope of the rule")
	errRoleMissing  = fault.New(grpcauthv1.Reason_REASON_ROLE_MISSING, "interceptor: the caller has none of the rule's roles")
	errRoleDenied   = fault.New(grpcauthv1.Reason_REASON_ROLE_DENIED, "interceptor: the caller has a role that the rule denies")
	errIssuerDenied = fault.New(grpcauthv1.Reason_REASON_ISSUER_DENIED, "interceptor: the rule does not accept this issuer")
	errTokenBound   = fault.New(grpcauthv1.Reason_REASON_TOKEN_BINDING, "interceptor: the token has a confirmation claim (cnf) that this version can't check")
)

// policy is a rule compiled for one method. It is immutable.
type policy struct {
	rule   *grpcauthv1.Rule
	source Source
	stream bool
	// kinds is never empty unless the rule is public.
	kinds []token.Kind
}

// check tells whether claims meet the rule: everything that needs neither the
// request nor the outside world. The order is fixed, so that a caller learns
// what is wrong with the token before what is wrong with the caller.
func (p *policy) check(claims *token.Claims) (details []fault.Detail, err error) {
	r := p.rule
	switch {
	case len(r.GetIssuers()) > 0 && !slices.Contains(r.GetIssuers(), claims.Issuer()):
		return nil, errIssuerDenied
	case !slices.Contains(p.kinds, claims.Kind()):
		return nil, token.ErrKind
	case !hasAll(claims.HasScope, r.GetScopes()):
		return wanted(r.GetScopes()), errScopeMissing
	case len(r.GetAnyScopes()) > 0 && !slices.ContainsFunc(r.GetAnyScopes(), claims.HasScope):
		return wanted(r.GetAnyScopes()), errScopeMissing
	case slices.ContainsFunc(r.GetDenyRoles(), claims.HasRole):
		return nil, errRoleDenied
	case len(r.GetRoles()) > 0 && !slices.ContainsFunc(r.GetRoles(), claims.HasRole):
		return nil, errRoleMissing
	}
	return nil, nil
}

func hasAll(has func(string) bool, wanted []string) bool {
	for _, w := range wanted {
		if !has(w) {
			return false
		}
	}
	return true
}

func wanted(scopes []string) []fault.Detail {
	return []fault.Detail{fault.Metadata("scopes", strings.Join(scopes, " "))}
}

// compile turns a rule into a policy, or tells everything that can't be right
// about it.
func compile(rule *grpcauthv1.Rule, trusted []string) (*policy, error) {
	problems := errors.Join(
		refuseUnknown(rule.ProtoReflect()),
		refuseUnenforced(rule),
		refusePublicBeside(rule),
		refuseBadNames(rule),
		refuseUntrusted(rule.GetIssuers(), trusted),
		refuseAllowedAndDenied(rule),
	)
	kinds, err := parseKinds(rule)
	if problems = errors.Join(problems, err); problems != nil {
		return nil, problems
	}
	return &policy{rule: proto.Clone(rule).(*grpcauthv1.Rule), kinds: kinds}, nil
}

// refuseUnknown finds requirements that a newer grpcauth wrote: ignoring one
// would open the method.
func refuseUnknown(m protoreflect.Message) error {
	if len(m.GetUnknown()) > 0 {
		return fmt.Errorf("%s has fields that this version of grpcauth does not know: upgrade the server's grpcauth module", m.Descriptor().Name())
	}
	var problems error
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.IsList() && fd.Message() != nil:
			for i := range v.List().Len() {
				problems = errors.Join(problems, refuseUnknown(v.List().Get(i).Message()))
			}
		case fd.Message() != nil:
			problems = errors.Join(problems, refuseUnknown(v.Message()))
		}
		return true
	})
	return problems
}

// enforced tells whether policies act on a field of Rule. Any other one that
// is set is refused by name.
func enforced(field protoreflect.Name, rule *grpcauthv1.Rule) bool {
	switch field {
	case "public", "optional", "issuers", "kinds", "scopes", "any_scopes", "roles", "deny_roles":
		return true
	case "stream_lifetime":
		return rule.GetStreamLifetime() == grpcauthv1.StreamLifetime_STREAM_LIFETIME_TOKEN
	}
	return false
}

func refuseUnenforced(rule *grpcauthv1.Rule) error {
	var problems error
	rule.ProtoReflect().Range(func(fd protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if !enforced(fd.Name(), rule) {
			problems = errors.Join(problems, fmt.Errorf("%s is not enforced by this version of grpcauth: remove it and check it in the handler, or upgrade", fd.Name()))
		}
		return true
	})
	return problems
}

func refusePublicBeside(rule *grpcauthv1.Rule) error {
	if !rule.GetPublic() {
		return nil
	}
	var beside []string
	rule.ProtoReflect().Range(func(fd protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if fd.Name() != "public" {
			beside = append(beside, string(fd.Name()))
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
	for field, names := range map[string][]string{
		"issuers": rule.GetIssuers(), "scopes": rule.GetScopes(), "any_scopes": rule.GetAnyScopes(),
		"roles": rule.GetRoles(), "deny_roles": rule.GetDenyRoles(),
	} {
		if slices.Contains(names, "") {
			problems = errors.Join(problems, fmt.Errorf("%s holds an empty name, or was given none: name what is required", field))
		}
	}
	for _, scope := range slices.Concat(rule.GetScopes(), rule.GetAnyScopes()) {
		if strings.ContainsAny(scope, " \t\r\n") {
			problems = errors.Join(problems, fmt.Errorf("scope %q holds white space: write each scope as an entry of its own", scope))
		}
	}
	return problems
}

func refuseUntrusted(issuers, trusted []string) error {
	var problems error
	for _, issuer := range issuers {
		if issuer != "" && !slices.Contains(trusted, issuer) {
			problems = errors.Join(problems, fmt.Errorf("issuer %q is not one that the verifier trusts (%s)", issuer, strings.Join(trusted, ", ")))
		}
	}
	return problems
}

func refuseAllowedAndDenied(rule *grpcauthv1.Rule) error {
	var problems error
	for _, role := range rule.GetRoles() {
		if slices.Contains(rule.GetDenyRoles(), role) {
			problems = errors.Join(problems, fmt.Errorf("role %q is both in roles and in deny_roles: remove one of the two", role))
		}
	}
	return problems
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
