package policy

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// step is one field on the way to what a claim is bound to.
type step struct {
	field protoreflect.FieldDescriptor
	list  bool
	// wrapped is the value within a message such as google.protobuf.StringValue:
	// it is there when the message is, also when it is zero.
	wrapped bool
	// implicit is a field that is there unless it is zero.
	implicit, text bool
	zero           protoreflect.Value
}

// compilePath finds the fields that a dotted path leads through. It goes on
// into the value of a wrapper by itself.
func compilePath(at, path string, in protoreflect.MessageDescriptor) ([]step, error) {
	if path == "" {
		return nil, fmt.Errorf("%s is empty: name a field of %s (%s)", at, in.FullName(), fieldNames(in))
	}
	var steps []step
	for name := range strings.SplitSeq(path, ".") {
		if in == nil {
			return nil, fmt.Errorf("%s %q goes on behind a field that is no message: stop at it", at, path)
		}
		if in.Fields().Len() == 0 {
			return nil, fmt.Errorf("%s %q: %s has no fields: compare in the handler, or bind where there is one", at, path, in.FullName())
		}
		field := in.Fields().ByName(protoreflect.Name(name))
		if field == nil {
			return nil, fmt.Errorf("%s %q: %s has no field %q, but %s", at, path, in.FullName(), name, fieldNames(in))
		}
		if field.IsMap() {
			return nil, fmt.Errorf("%s %q: %s is a map, to which no claim can be bound: compare in the handler", at, path, field.FullName())
		}
		steps = append(steps, newStep(field))
		in = field.Message()
	}
	if in != nil && isWrapper(in) {
		steps = append(steps, newStep(in.Fields().ByName("value")))
	}
	last := steps[len(steps)-1].field
	if equalityOf(last) == nil {
		return nil, fmt.Errorf("%s %q: %s is a %s, to which no claim can be bound: bind a string, an integer or an enum", at, path, last.FullName(), last.Kind())
	}
	return steps, nil
}

func newStep(field protoreflect.FieldDescriptor) step {
	return step{
		field: field, list: field.IsList(), wrapped: isWrapper(field.ContainingMessage()),
		implicit: !field.HasPresence(), text: field.Kind() == protoreflect.StringKind, zero: field.Default(),
	}
}

// isIn tells whether a message has the field, whose value that is. Asking the
// message takes as long as reading the value, so it is asked only where the
// value does not tell.
func (s *step) isIn(message protoreflect.Message, value protoreflect.Value) bool {
	switch {
	case s.wrapped:
		return true
	case s.implicit && s.text:
		return value.String() != ""
	case s.implicit:
		return !value.Equal(s.zero)
	}
	return message.Has(s.field)
}

// isWrapper tells of google/protobuf/wrappers.proto. A message whose file is
// missing has none.
func isWrapper(message protoreflect.MessageDescriptor) bool {
	file := message.ParentFile()
	return file != nil && file.Path() == "google/protobuf/wrappers.proto"
}

func fieldNames(in protoreflect.MessageDescriptor) string {
	var names []string
	for i := range in.Fields().Len() {
		names = append(names, string(in.Fields().Get(i).Name()))
	}
	return strings.Join(names, ", ")
}
