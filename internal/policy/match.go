package policy

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/token"
)

var (
	errClaimMissing  = fault.New(grpcauthv1.Reason_REASON_CLAIM_MISSING, "policy: a claim of the rule is not there")
	errClaimMismatch = fault.New(grpcauthv1.Reason_REASON_CLAIM_MISMATCH, "policy: a claim has another value, or another type, than the rule wants")
)

// maxWhole is the largest whole number that a float64 tells from both its
// neighbours: 2^53+1 reads as 2^53.
const maxWhole = 1<<53 - 1

// match is a compiled ClaimMatch.
type match struct {
	path   string
	equals func(token.Value) bool
	wants  string
}

func compileMatches(matches []*grpcauthv1.ClaimMatch) []match {
	all := make([]match, len(matches))
	for i, m := range matches {
		all[i] = match{path: m.GetPath()}
		switch want := m.GetValue().(type) {
		case *grpcauthv1.ClaimMatch_StringValue:
			all[i].wants = strconv.Quote(want.StringValue)
			all[i].equals = func(v token.Value) bool { got, ok := v.Text(); return ok && got == want.StringValue }
		case *grpcauthv1.ClaimMatch_BoolValue:
			all[i].wants = strconv.FormatBool(want.BoolValue)
			all[i].equals = func(v token.Value) bool { got, ok := v.Bool(); return ok && got == want.BoolValue }
		case *grpcauthv1.ClaimMatch_NumberValue:
			all[i].wants = strconv.FormatFloat(want.NumberValue, 'g', -1, 64)
			all[i].equals = func(v token.Value) bool { got, ok := v.Number(); return ok && got == want.NumberValue }
		}
	}
	return all
}

// String is "realm.tier = \"gold\"".
func (m match) String() string { return m.path + " = " + m.wants }

// test tells whether the claim has the value, or is a list that holds it.
func (m match) test(claims *token.Claims) error {
	value := claims.Claim(m.path)
	if !value.Exists() {
		return fmt.Errorf("%w: %s", errClaimMissing, m.path)
	}
	if m.equals(value) {
		return nil
	}
	for item := range value.Items() {
		if m.equals(item) {
			return nil
		}
	}
	return fmt.Errorf("%w: %s", errClaimMismatch, m)
}

// refuseMatches finds matches that can't be right in a list of that name.
func refuseMatches(field string, matches []*grpcauthv1.ClaimMatch) error {
	var problems error
	for i, m := range matches {
		at := fmt.Sprintf("%s[%d]", field, i)
		problems = errors.Join(problems, refusePath(at+".path", m.GetPath()))
		switch want := m.GetValue().(type) {
		case nil:
			problems = errors.Join(problems, fmt.Errorf("%s wants no value: add string_value, bool_value or number_value", at))
		case *grpcauthv1.ClaimMatch_NumberValue:
			if !(math.Abs(want.NumberValue) <= maxWhole) { // NaN, too
				problems = errors.Join(problems, fmt.Errorf("%s wants the number %g, which can't be told from its neighbours: have the issuer write it as a string, and use string_value", at, want.NumberValue))
			}
		}
	}
	return problems
}

// refusePath finds paths that lead to no claim.
func refusePath(field, path string) error {
	pointer, ok := strings.CutPrefix(path, "/")
	switch {
	case path == "":
		return fmt.Errorf("%s is empty: name the claim, such as \"tier\" or \"realm.tier\"", field)
	case ok && badEscape(pointer):
		return fmt.Errorf("%s %q is no JSON Pointer: in one that starts with a slash write ~ as ~0 and a slash in a name as ~1", field, path)
	case !ok && slices.Contains(strings.Split(path, "."), ""):
		return fmt.Errorf("%s %q has an empty name: write \"realm.tier\", or a JSON Pointer for a name that holds dots (\"/a.b\")", field, path)
	}
	return nil
}

// badEscape finds a ~ that is neither ~0 nor ~1 (RFC 6901 §3).
func badEscape(pointer string) bool {
	for _, rest := range strings.Split(pointer, "~")[1:] {
		if !strings.HasPrefix(rest, "0") && !strings.HasPrefix(rest, "1") {
			return true
		}
	}
	return false
}
