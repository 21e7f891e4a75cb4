package policy

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/token"
)

var (
	errBindingMismatch = fault.New(grpcauthv1.Reason_REASON_BINDING_MISMATCH, "policy: a claim does not equal the request's field")
	errOtherMessage    = fault.New(grpcauthv1.Reason_REASON_INTERNAL, "policy: the request is not the message of the method's .proto: a rule with bind can't be checked in a service description written by hand")
)

// Binding is a compiled bind: a claim that must equal a field of the request.
type Binding struct {
	claim, field string
	input        protoreflect.MessageDescriptor
	path         []step
	equals       equality
}

// String is "sub = user.name".
func (b *Binding) String() string { return b.claim + " = " + b.field }

// Test tells whether the claim equals the field: in a list, every element. A
// claim or a field that is missing or empty equals nothing.
func (b *Binding) Test(claims *token.Claims, request protoreflect.Message) error {
	if request.Descriptor() != b.input {
		return fmt.Errorf("%w: %s", errOtherMessage, request.Descriptor().FullName())
	}
	value := claims.Claim(b.claim)
	if text, ok := value.Text(); text == "" && (ok || !value.Exists()) { // 0 and false are values
		return fmt.Errorf("%w: %s is missing or empty", errBindingMismatch, b.claim)
	}
	return b.test(value, request, b.path)
}

// test follows the path from a message on.
func (b *Binding) test(claim token.Value, in protoreflect.Message, path []step) error {
	at, rest := &path[0], path[1:]
	value := in.Get(at.field)
	switch {
	case at.list:
		return b.testEach(claim, value.List(), rest)
	case len(rest) > 0:
		return b.testWithin(claim, value.Message(), rest)
	}
	if !at.isIn(in, value) {
		return b.missing()
	}
	return b.outcome(b.equals(claim, value))
}

// testEach tests a list: every element, and at least one.
func (b *Binding) testEach(claim token.Value, list protoreflect.List, rest []step) error {
	if list.Len() == 0 {
		return b.missing()
	}
	for i := range list.Len() {
		var err error
		if len(rest) > 0 {
			err = b.testWithin(claim, list.Get(i).Message(), rest)
		} else {
			err = b.outcome(b.equals(claim, list.Get(i)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// testWithin goes on into a message, if it is there.
func (b *Binding) testWithin(claim token.Value, in protoreflect.Message, rest []step) error {
	if !in.IsValid() {
		return b.missing()
	}
	return b.test(claim, in, rest)
}

func (b *Binding) outcome(same, fits bool) error {
	switch {
	case !fits:
		return fmt.Errorf("%w: %s can't be compared with %s", errClaimMismatch, b.claim, b.field)
	case !same:
		return b.mismatch("has another value in the request")
	}
	return nil
}

func (b *Binding) missing() error { return b.mismatch("is missing or empty in the request") }

func (b *Binding) mismatch(how string) error {
	return fmt.Errorf("%w: %s, %s %s", errBindingMismatch, b, b.field, how)
}

// equality compares a claim with a field's value. fits is false when the
// claim's JSON type is not one that such a field is written as.
type equality func(claim token.Value, value protoreflect.Value) (same, fits bool)

// equalityOf is the comparison for a kind of field, or nil when claims can't
// be compared with it. It goes by how protobuf writes the field in JSON: a
// whole number may be in quotes, because sub always is.
func equalityOf(field protoreflect.FieldDescriptor) equality {
	switch field.Kind() {
	case protoreflect.StringKind:
		return func(claim token.Value, value protoreflect.Value) (bool, bool) {
			text, ok := claim.Text()
			return ok && text == value.String(), ok
		}
	case protoreflect.EnumKind:
		if field.Enum().IsPlaceholder() {
			return nil // its file is missing, and so are its names
		}
		names := enumNames(field.Enum().Values())
		return func(claim token.Value, value protoreflect.Value) (bool, bool) {
			text, ok := claim.Text()
			return ok && slices.Contains(names[value.Enum()], text), ok
		}
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind,
		protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return func(claim token.Value, value protoreflect.Value) (bool, bool) {
			return equalsInt(claim, value.Int())
		}
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return func(claim token.Value, value protoreflect.Value) (bool, bool) {
			return equalsUint(claim, value.Uint())
		}
	}
	return nil
}

// enumNames are the names of each number: with allow_alias there are several.
func enumNames(values protoreflect.EnumValueDescriptors) map[protoreflect.EnumNumber][]string {
	names := map[protoreflect.EnumNumber][]string{}
	for i := range values.Len() {
		v := values.Get(i)
		names[v.Number()] = append(names[v.Number()], string(v.Name()))
	}
	return names
}

func equalsInt(claim token.Value, want int64) (same, fits bool) {
	if text, ok := claim.Text(); ok {
		var digits [20]byte
		return text == string(strconv.AppendInt(digits[:0], want, 10)), true
	}
	got, ok := claim.Int()
	return ok && got == want, ok || isNumber(claim)
}

func equalsUint(claim token.Value, want uint64) (same, fits bool) {
	if text, ok := claim.Text(); ok {
		var digits [20]byte
		return text == string(strconv.AppendUint(digits[:0], want, 10)), true
	}
	got, ok := claim.Int()
	return ok && got >= 0 && uint64(got) == want, ok || isNumber(claim)
}

func isNumber(claim token.Value) bool { _, ok := claim.Number(); return ok }

// compileBindings finds the fields of input that a rule binds claims to.
func compileBindings(binds []*grpcauthv1.Binding, input protoreflect.MessageDescriptor) ([]Binding, error) {
	if len(binds) > 0 && input == nil {
		return nil, errors.New("bind needs the method's request, and no descriptor of the method is known: generate the service from its .proto, or compare in the handler")
	}
	var problems error
	all := make([]Binding, len(binds))
	for i, bind := range binds {
		at := fmt.Sprintf("bind[%d]", i)
		path, err := compilePath(at+".field", bind.GetField(), input)
		problems = errors.Join(problems, refusePath(at+".claim", bind.GetClaim()), err)
		if err == nil {
			all[i] = Binding{claim: bind.GetClaim(), field: bind.GetField(), input: input, path: path, equals: equalityOf(path[len(path)-1].field)}
		}
	}
	return all, problems
}
