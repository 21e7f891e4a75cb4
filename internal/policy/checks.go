package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/token"
)

// Why a rule refuses a token that is valid.
var (
	errIssuerDenied = fault.New(grpcauthv1.Reason_REASON_ISSUER_DENIED, "policy: the rule does not accept this issuer")
	errReauth       = fault.New(grpcauthv1.Reason_REASON_REAUTHENTICATION_REQUIRED, "policy: the caller's login is too long ago")
	errRoleDenied   = fault.New(grpcauthv1.Reason_REASON_ROLE_DENIED, "policy: the caller has a role that the rule denies")
	errScopeMissing = fault.New(grpcauthv1.Reason_REASON_SCOPE_MISSING, "policy: the token lacks a scope of the rule")
	errRoleMissing  = fault.New(grpcauthv1.Reason_REASON_ROLE_MISSING, "policy: the caller has none of the rule's roles")
)

// tokenChecks are about what the token is.
func tokenChecks(rule *grpcauthv1.Rule, kinds []token.Kind) []Check {
	var checks []Check
	if issuers := rule.GetIssuers(); len(issuers) > 0 {
		checks = append(checks, Check{Field: "issuers", Wants: oneOf(issuers), test: func(claims *token.Claims, _ func() time.Time) ([]fault.Detail, error) {
			return nil, unless(slices.Contains(issuers, claims.Issuer()), errIssuerDenied)
		}})
	}
	if !rule.GetPublic() {
		checks = append(checks, Check{Field: "kinds", Wants: oneOf(texts(kinds)), test: func(claims *token.Claims, _ func() time.Time) ([]fault.Detail, error) {
			return nil, unless(slices.Contains(kinds, claims.Kind()), token.ErrKind)
		}})
	}
	return checks
}

// holderChecks are about whoever holds the token. What an override does not
// lift comes first.
func holderChecks(rule *grpcauthv1.Rule) []Check {
	var checks []Check
	if rule.GetMaxAuthAge() != nil {
		checks = append(checks, freshness(rule.GetMaxAuthAge().AsDuration()))
	}
	if denied := rule.GetDenyRoles(); len(denied) > 0 {
		checks = append(checks, Check{Field: "deny_roles", Wants: "none of " + list(denied), test: func(claims *token.Claims, _ func() time.Time) ([]fault.Detail, error) {
			return nil, unless(!slices.ContainsFunc(denied, claims.HasRole), errRoleDenied)
		}})
	}
	if scopes := rule.GetScopes(); len(scopes) > 0 {
		checks = append(checks, Check{Field: "scopes", Wants: allOf(scopes), Lifted: true, test: func(claims *token.Claims, _ func() time.Time) ([]fault.Detail, error) {
			return scopeMissing(hasAll(claims, scopes), scopes)
		}})
	}
	if scopes := rule.GetAnyScopes(); len(scopes) > 0 {
		checks = append(checks, Check{Field: "any_scopes", Wants: oneOf(scopes), Lifted: true, test: func(claims *token.Claims, _ func() time.Time) ([]fault.Detail, error) {
			return scopeMissing(slices.ContainsFunc(scopes, claims.HasScope), scopes)
		}})
	}
	if roles := rule.GetRoles(); len(roles) > 0 {
		checks = append(checks, Check{Field: "roles", Wants: oneOf(roles), Lifted: true, test: func(claims *token.Claims, _ func() time.Time) ([]fault.Detail, error) {
			return nil, unless(slices.ContainsFunc(roles, claims.HasRole), errRoleMissing)
		}})
	}
	for i, match := range compileMatches(rule.GetClaims()) {
		checks = append(checks, Check{Field: fmt.Sprintf("claims[%d]", i), Wants: match.String(), Lifted: true, test: func(claims *token.Claims, _ func() time.Time) ([]fault.Detail, error) {
			return nil, match.test(claims)
		}})
	}
	return checks
}

// freshness wants a login that is no older than most (RFC 9470 §4). A token
// that does not say when it was, or says that it is yet to come, is not fresh.
func freshness(most time.Duration) Check {
	seconds := strconv.FormatInt(int64(most/time.Second), 10)
	return Check{Field: "max_auth_age", Wants: "a login at most " + most.String() + " ago", test: func(claims *token.Claims, clock func() time.Time) ([]fault.Detail, error) {
		login, now := claims.AuthTime(), clock()
		if !login.IsZero() && now.Sub(login) <= most && login.Sub(now) <= token.MaxLeeway {
			return nil, nil
		}
		return []fault.Detail{fault.Metadata("max_auth_age", seconds)}, errReauth
	}}
}

// overrides are what lifts the other requirements, each by itself.
func overrides(override *grpcauthv1.Override) []func(*token.Claims) bool {
	var lifts []func(*token.Claims) bool
	for _, scope := range override.GetScopes() {
		lifts = append(lifts, func(claims *token.Claims) bool { return claims.HasScope(scope) })
	}
	for _, role := range override.GetRoles() {
		lifts = append(lifts, func(claims *token.Claims) bool { return claims.HasRole(role) })
	}
	for _, match := range compileMatches(override.GetClaims()) {
		lifts = append(lifts, func(claims *token.Claims) bool { return match.test(claims) == nil })
	}
	return lifts
}

func hasAll(claims *token.Claims, scopes []string) bool {
	for _, scope := range scopes {
		if !claims.HasScope(scope) {
			return false
		}
	}
	return true
}

// scopeMissing names the scopes that are wanted, in the answer too.
func scopeMissing(has bool, wanted []string) ([]fault.Detail, error) {
	if has {
		return nil, nil
	}
	return []fault.Detail{fault.Metadata("scopes", strings.Join(wanted, " "))}, errScopeMissing
}

func unless(holds bool, err error) error {
	if holds {
		return nil
	}
	return err
}

func texts[T ~string](names []T) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = string(name)
	}
	return all
}

func list(names []string) string { return strings.Join(names, ", ") }

func allOf(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return "all of " + list(names)
}

func oneOf(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return "one of " + list(names)
}
