package grpcauthv1_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// marker is every secret of the messages that the tests print.
const marker = "s3cr3t-m4rk3r"

// secretMessages are the messages of this package that hold a secret, however
// deep, each whole and once for every choice of its oneofs.
func secretMessages(t *testing.T) map[string]proto.Message {
	t.Helper()
	found := map[string]proto.Message{}
	allMessages(func(message protoreflect.MessageDescriptor) {
		if !holdsSecret(message, map[protoreflect.FullName]bool{}) {
			return
		}
		kind, err := protoregistry.GlobalTypes.FindMessageByName(message.FullName())
		if err != nil {
			t.Fatal(err)
		}
		for choice := range choicesOf(message) {
			m := kind.New()
			fill(t, m, choice)
			found[fmt.Sprint(message.Name(), choice)] = m.Interface()
		}
	})
	if len(found) < 15 {
		t.Fatalf("found only %d messages with a secret", len(found))
	}
	return found
}

func allMessages(visit func(protoreflect.MessageDescriptor)) {
	var walk func(protoreflect.MessageDescriptors)
	walk = func(messages protoreflect.MessageDescriptors) {
		for i := range messages.Len() {
			if !messages.Get(i).IsMapEntry() {
				visit(messages.Get(i))
			}
			walk(messages.Get(i).Messages())
		}
	}
	protoregistry.GlobalFiles.RangeFilesByPackage("grpcauth.v1", func(file protoreflect.FileDescriptor) bool {
		walk(file.Messages())
		return true
	})
}

func marked(field protoreflect.FieldDescriptor) bool {
	return field.Options().(*descriptorpb.FieldOptions).GetDebugRedact()
}

func holdsSecret(message protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) bool {
	if seen[message.FullName()] {
		return false
	}
	seen[message.FullName()] = true
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		if marked(field) || field.Message() != nil && holdsSecret(field.Message(), seen) {
			return true
		}
	}
	return false
}

// choicesOf is how many messages it takes to set every field once.
func choicesOf(message protoreflect.MessageDescriptor) int {
	most := 1
	for i := range message.Oneofs().Len() {
		most = max(most, message.Oneofs().Get(i).Fields().Len())
	}
	return most
}

// fill sets every string of m, those of a secret to the marker, and of each
// oneof the field of that index.
func fill(t *testing.T, m protoreflect.Message, choice int) {
	t.Helper()
	for i := range m.Descriptor().Fields().Len() {
		field := m.Descriptor().Fields().Get(i)
		oneof := field.ContainingOneof()
		if oneof != nil && oneof.Fields().Get(choice%oneof.Fields().Len()) != field {
			continue
		}
		plain := field.Kind() == protoreflect.StringKind && !field.IsList()
		switch {
		case marked(field) && !plain:
			t.Fatalf("%s: teach redact.go and this test to cover more than plain strings", field.FullName())
		case marked(field):
			m.Set(field, protoreflect.ValueOfString(marker))
		case plain:
			m.Set(field, protoreflect.ValueOfString("a "+string(field.Name())))
		case field.Message() == nil || !holdsSecret(field.Message(), map[protoreflect.FullName]bool{}):
		case field.IsMap():
			t.Fatalf("%s: teach this test to fill a map", field.FullName())
		case field.IsList():
			fill(t, m.Mutable(field).List().AppendMutable().Message(), choice)
		default:
			fill(t, m.Mutable(field).Message(), choice)
		}
	}
}

// each calls visit for every field that is set in m and in what m holds.
func each(m protoreflect.Message, visit func(protoreflect.Message, protoreflect.FieldDescriptor)) {
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		visit(m, field)
		if field.Message() != nil && !field.IsList() && !field.IsMap() {
			each(value.Message(), visit)
		}
		return true
	})
}

// choices are what the oneofs of a message hold: Go types of their own, that
// can be printed without the message.
func choices(m proto.Message) []any {
	var held []any
	for _, field := range reflect.ValueOf(m).Elem().Fields() {
		if field.Kind() == reflect.Interface && field.CanInterface() && !field.IsNil() {
			held = append(held, field.Interface())
		}
	}
	return held
}

// checklist: B2
// A field that is named like a secret is marked as one.
func TestEverySecretIsMarked(t *testing.T) {
	t.Parallel()
	plain := map[protoreflect.Name]bool{
		"token_type": true, "page_token": true, "next_page_token": true, "challenge_answer": true,
		"tokens": true, "challenge": true, "refresh_expires_in": true,
	}
	allMessages(func(message protoreflect.MessageDescriptor) {
		for i := range message.Fields().Len() {
			field := message.Fields().Get(i)
			for _, word := range []string{"password", "secret", "token", "assertion", "challenge", "response", "refresh", "key", "code"} {
				// A list of keys is a JWK Set: they are public.
				if strings.Contains(string(field.Name()), word) && !marked(field) && !plain[field.Name()] && field.Name() != "keys" {
					t.Errorf("%s is not marked debug_redact", field.FullName())
				}
			}
		}
	})
}
