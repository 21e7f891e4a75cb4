package grpcauthv1

import (
	"fmt"
	"log/slog"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protopath"
	"google.golang.org/protobuf/reflect/protorange"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

const redacted = "[REDACTED]"

// protoc-gen-go does not heed debug_redact, so this does.

// format is a Format method: the redacted text as fmt would print a string.
func format(f fmt.State, verb rune, m proto.Message) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), text(m))
}

// logValue is a LogValue method.
func logValue(m proto.Message) slog.Value { return slog.StringValue(text(m)) }

// text is what the message prints without its secrets. m stays as it is: a
// handler may print a request before it uses it.
func text(m proto.Message) string {
	shown := proto.Clone(m)
	if err := protorange.Range(shown.ProtoReflect(), redact); err != nil {
		return redacted
	}
	return prototext.MarshalOptions{}.Format(shown)
}

// redact covers the fields of a message that are marked debug_redact. It drops
// those that this version does not know, for a newer one may have marked them.
func redact(path protopath.Values) error {
	m, ok := path.Index(-1).Value.Interface().(protoreflect.Message)
	if !ok || !m.IsValid() {
		return nil
	}
	m.SetUnknown(nil)
	m.Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if options, ok := field.Options().(*descriptorpb.FieldOptions); ok && options.GetDebugRedact() {
			cover(m, field)
		}
		return true
	})
	return nil
}

// cover has a text tell that it was there, and shows nothing of anything else.
func cover(m protoreflect.Message, field protoreflect.FieldDescriptor) {
	if field.Kind() == protoreflect.StringKind && !field.IsList() {
		m.Set(field, protoreflect.ValueOfString(redacted))
		return
	}
	m.Clear(field)
}
