package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// has is what the token has of what a requirement wants.
func (e *explainer) has(field string) string {
	claims := e.claims()
	switch field {
	case "issuers":
		return "; the token has " + some([]string{claims.Issuer()})
	case "kinds":
		return "; the token has " + some([]string{string(claims.Kind())})
	case "scopes", "any_scopes":
		return "; the token has " + some(claims.Scopes())
	case "roles", "deny_roles":
		return "; the token has " + some(claims.Roles())
	case "max_auth_age":
		return e.login(claims.AuthTime())
	}
	if i, ok := claimIndex(field); ok {
		return "; the token has " + shown(claims.Claim(e.policy.Rule().GetClaims()[i].GetPath()))
	}
	return ""
}

func (e *explainer) login(at time.Time) string {
	if at.IsZero() {
		return "; the token has no auth_time"
	}
	return fmt.Sprintf("; it was %s ago", e.trust.verifier.Now().Sub(at).Round(time.Second))
}

// claimIndex reads "claims[2]".
func claimIndex(field string) (int, bool) {
	number, ok := strings.CutPrefix(strings.TrimSuffix(field, "]"), "claims[")
	i, err := strconv.Atoi(number)
	return i, ok && err == nil
}

// some is a list of names, not all when they are many.
func some(names []string) string {
	const most = 20
	if len(names) <= most {
		return brief(joined(names))
	}
	return brief(joined(names[:most])) + fmt.Sprintf(" and %d more", len(names)-most)
}

// shown is the value of a claim.
func shown(value token.Value) string {
	if !value.Exists() {
		return "none"
	}
	if text, ok := value.Text(); ok {
		return brief(strconv.Quote(text))
	}
	if b, ok := value.Bool(); ok {
		return strconv.FormatBool(b)
	}
	if number, ok := value.Number(); ok {
		return strconv.FormatFloat(number, 'g', -1, 64)
	}
	var items []string
	for item := range value.Items() {
		items = append(items, shown(item))
	}
	if items == nil {
		return "another kind of value"
	}
	return "the list " + brief(strings.Join(items, ", "))
}
