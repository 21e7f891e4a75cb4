package policy

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// reference holds claims to a rule the slow way: claims and request are JSON,
// decoded into maps by other people's code, and every field of the rule is
// read as its comment in rule.proto has it.
type reference struct {
	rule   *grpcauthv1.Rule
	kind   token.Kind
	claims map[string]any
	body   map[string]any
	fields protoreflect.MessageDescriptor
}

func newReference(rule *grpcauthv1.Rule, claims *token.Claims, request proto.Message) reference {
	r := reference{rule: rule, kind: claims.Kind(), claims: map[string]any{}, body: map[string]any{}, fields: request.ProtoReflect().Descriptor()}
	_, rest, _ := strings.Cut(claims.Raw(), ".")
	payload, _, _ := strings.Cut(rest, ".")
	decode(b64Text(payload), &r.claims)
	sent, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(request)
	if err != nil {
		panic(err)
	}
	decode(string(sent), &r.body)
	return r
}

func decode(text string, into any) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		panic(err)
	}
}

// decide is the reason for which the rule refuses.
func (r reference) decide() grpcauthv1.Reason {
	kinds := []token.Kind{token.Access}
	for i, typ := range r.rule.GetKinds() {
		kind, err := token.ParseKind(typ)
		if err != nil {
			panic(err)
		}
		kinds = append(kinds[:i], kind)
	}
	authTime, isDate := r.claims["auth_time"].(json.Number)
	wantsLogin := r.rule.GetMaxAuthAge() != nil
	switch {
	case len(r.rule.GetIssuers()) > 0 && !slices.Contains(r.rule.GetIssuers(), r.claims["iss"].(string)):
		return issuerDenied
	case !slices.Contains(kinds, r.kind):
		return wrongKind
	case wantsLogin && (!isDate || !r.recent(authTime)):
		return reauthenticate
	case intersects(r.rule.GetDenyRoles(), words(r.claims["roles"], false)):
		return roleDenied
	}
	if r.lifted() {
		return passes
	}
	scopes := words(r.claims["scope"], true)
	for _, scope := range r.rule.GetScopes() {
		if !slices.Contains(scopes, scope) {
			return noScope
		}
	}
	if anyOf := r.rule.GetAnyScopes(); len(anyOf) > 0 && !intersects(anyOf, scopes) {
		return noScope
	}
	if roles := r.rule.GetRoles(); len(roles) > 0 && !intersects(roles, words(r.claims["roles"], false)) {
		return noRole
	}
	for _, match := range r.rule.GetClaims() {
		if reason := r.match(match); reason != passes {
			return reason
		}
	}
	for _, bound := range r.rule.GetBind() {
		if reason := r.bound(bound); reason != passes {
			return reason
		}
	}
	return passes
}

func (r reference) recent(authTime json.Number) bool {
	login, err := strconv.ParseFloat(authTime.String(), 64)
	ago := float64(now.Unix()) - login
	return err == nil && ago <= r.rule.GetMaxAuthAge().AsDuration().Seconds() && ago >= -token.MaxLeeway.Seconds()
}

func (r reference) lifted() bool {
	o := r.rule.GetOverride()
	return intersects(o.GetScopes(), words(r.claims["scope"], true)) || intersects(o.GetRoles(), words(r.claims["roles"], false)) ||
		slices.ContainsFunc(o.GetClaims(), func(m *grpcauthv1.ClaimMatch) bool { return r.match(m) == passes })
}

// words are the strings of a list, or of one string.
func words(claim any, parted bool) (all []string) {
	switch claim := claim.(type) {
	case string:
		if parted {
			return slices.DeleteFunc(strings.Split(claim, " "), func(s string) bool { return s == "" })
		}
		return []string{claim}
	case []any:
		for _, word := range claim {
			all = append(all, word.(string))
		}
	}
	return all
}

func intersects(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// claim is the value at a path, and whether there is one.
func (r reference) claim(path string) (value any, ok bool) {
	names := strings.Split(path, ".")
	pointer := strings.HasPrefix(path, "/")
	if pointer {
		names = strings.Split(path[1:], "/")
	}
	value = r.claims
	for _, name := range names {
		if pointer {
			name = strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
		}
		switch in := value.(type) {
		case map[string]any:
			if value, ok = in[name]; !ok {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(name)
			if !pointer || err != nil || strconv.Itoa(i) != name || i < 0 || i >= len(in) {
				return nil, false
			}
			value = in[i]
		default:
			return nil, false
		}
	}
	return value, true
}

func (r reference) match(match *grpcauthv1.ClaimMatch) grpcauthv1.Reason {
	value, ok := r.claim(match.GetPath())
	if !ok {
		return claimMissing
	}
	values, isList := value.([]any)
	if !isList {
		values = []any{value}
	}
	for _, v := range values {
		switch want := match.GetValue().(type) {
		case *grpcauthv1.ClaimMatch_StringValue:
			ok = v == any(want.StringValue)
		case *grpcauthv1.ClaimMatch_BoolValue:
			ok = v == any(want.BoolValue)
		case *grpcauthv1.ClaimMatch_NumberValue:
			n, isNumber := v.(json.Number)
			f, err := strconv.ParseFloat(string(n), 64)
			ok = isNumber && err == nil && f == want.NumberValue
		}
		if ok {
			return passes
		}
	}
	return claimMismatch
}

// bound compares a claim with the request's JSON.
func (r reference) bound(bound *grpcauthv1.Binding) grpcauthv1.Reason {
	claim, ok := r.claim(bound.GetClaim())
	if !ok || claim == "" {
		return bindingMismatch
	}
	return boundIn(claim, r.body, r.fields, strings.Split(bound.GetField(), "."))
}

func boundIn(claim, in any, fields protoreflect.MessageDescriptor, names []string) grpcauthv1.Reason {
	field := fields.Fields().ByName(protoreflect.Name(names[0]))
	value, ok := in.(map[string]any)[names[0]]
	if !ok || value == nil {
		return bindingMismatch
	}
	values := []any{value}
	if field.IsList() {
		values = value.([]any)
	}
	for _, v := range values {
		if reason := boundTo(claim, v, field, names[1:]); reason != passes {
			return reason
		}
	}
	return passes
}

func boundTo(claim, value any, field protoreflect.FieldDescriptor, names []string) grpcauthv1.Reason {
	if m := field.Message(); m != nil {
		if isWrapper(m) { // JSON has its value in its place
			return boundTo(claim, value, m.Fields().ByName("value"), nil)
		}
		return boundIn(claim, value, m, names)
	}
	switch claim := claim.(type) {
	case string:
		if claim == textOf(value) && (field.Kind() != protoreflect.EnumKind || isName(value)) {
			return passes
		}
		return bindingMismatch
	case json.Number:
		f, err := strconv.ParseFloat(string(claim), 64)
		if err != nil || field.Kind() == protoreflect.StringKind || field.Kind() == protoreflect.EnumKind {
			return claimMismatch
		}
		if n, err := strconv.ParseInt(string(claim), 10, 64); err == nil && strconv.FormatInt(n, 10) == textOf(value) ||
			err != nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 && strconv.FormatInt(int64(f), 10) == textOf(value) {
			return passes
		}
		return bindingMismatch
	}
	return claimMismatch
}

// textOf is a string, or the digits of a number: JSON has 64-bit integers as
// strings.
func textOf(value any) string {
	if n, ok := value.(json.Number); ok {
		return string(n)
	}
	return value.(string)
}

// isName is false for the value of an enum that has no name.
func isName(value any) bool { _, ok := value.(string); return ok }
