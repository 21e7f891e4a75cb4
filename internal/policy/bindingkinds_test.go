package policy

import (
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// kindsFile has what testkit.proto has not: each kind of integer, aliases of
// an enum, lists of wrappers, a message in itself, and proto2.
const kindsFile = `
name: "kinds.proto" package: "kinds" syntax: "proto2" dependency: "google/protobuf/wrappers.proto"
enum_type {
  name: "Color" options { allow_alias: true }
  value { name: "RED" number: 0 } value { name: "GREEN" number: 1 } value { name: "VERDE" number: 1 } value { name: "DEBT" number: -1 }
}
message_type {
  name: "M"
  field { name: "i32" number: 1 type: TYPE_INT32 label: LABEL_OPTIONAL }
  field { name: "s32" number: 2 type: TYPE_SINT32 label: LABEL_OPTIONAL }
  field { name: "sf32" number: 3 type: TYPE_SFIXED32 label: LABEL_OPTIONAL }
  field { name: "i64" number: 4 type: TYPE_INT64 label: LABEL_OPTIONAL }
  field { name: "s64" number: 5 type: TYPE_SINT64 label: LABEL_OPTIONAL }
  field { name: "sf64" number: 6 type: TYPE_SFIXED64 label: LABEL_OPTIONAL }
  field { name: "u32" number: 7 type: TYPE_UINT32 label: LABEL_OPTIONAL }
  field { name: "f32" number: 8 type: TYPE_FIXED32 label: LABEL_OPTIONAL }
  field { name: "u64" number: 9 type: TYPE_UINT64 label: LABEL_OPTIONAL }
  field { name: "f64" number: 10 type: TYPE_FIXED64 label: LABEL_OPTIONAL }
  field { name: "color" number: 11 type: TYPE_ENUM type_name: ".kinds.Color" label: LABEL_OPTIONAL }
  field { name: "colors" number: 12 type: TYPE_ENUM type_name: ".kinds.Color" label: LABEL_REPEATED }
  field { name: "name" number: 13 type: TYPE_STRING label: LABEL_OPTIONAL default_value: "ada" }
  field { name: "self" number: 14 type: TYPE_MESSAGE type_name: ".kinds.M" label: LABEL_OPTIONAL }
  field { name: "wrapped_names" number: 15 type: TYPE_MESSAGE type_name: ".google.protobuf.StringValue" label: LABEL_REPEATED }
  field { name: "wrapped_u32" number: 16 type: TYPE_MESSAGE type_name: ".google.protobuf.UInt32Value" label: LABEL_OPTIONAL }
  field { name: "wrapped_bool" number: 17 type: TYPE_MESSAGE type_name: ".google.protobuf.BoolValue" label: LABEL_OPTIONAL }
  field { name: "grouped" number: 18 type: TYPE_GROUP type_name: ".kinds.M.Grouped" label: LABEL_OPTIONAL }
  nested_type { name: "Grouped" field { name: "owner" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL } }
}`

func kindsMessage(t *testing.T) protoreflect.MessageDescriptor {
	t.Helper()
	file := &descriptorpb.FileDescriptorProto{}
	if err := prototext.Unmarshal([]byte(kindsFile), file); err != nil {
		t.Fatal(err)
	}
	made, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	return made.Messages().ByName("M")
}

// PARITY 38 and 41a.
func TestBindingsOfEachKind(t *testing.T) {
	t.Parallel()
	descriptor := kindsMessage(t)
	for name, tc := range map[string]struct {
		members, field string
		request        string // as prototext
		want           grpcauthv1.Reason
	}{
		"38 int32":                         {`"c":-7`, "i32", `i32: -7`, passes},
		"38 sint32":                        {`"c":-7`, "s32", `s32: -7`, passes},
		"38 sfixed32":                      {`"c":"-7"`, "sf32", `sf32: -7`, passes},
		"38 int64":                         {`"c":-7`, "i64", `i64: -7`, passes},
		"38 sint64":                        {`"c":"-7"`, "s64", `s64: -7`, passes},
		"38 sfixed64":                      {`"c":-7`, "sf64", `sf64: -7`, passes},
		"38 uint32":                        {`"c":"4294967295"`, "u32", `u32: 4294967295`, passes},
		"38 fixed32":                       {`"c":4294967295`, "f32", `f32: 4294967295`, passes},
		"38 uint64":                        {`"c":"9223372036854775808"`, "u64", `u64: 9223372036854775808`, passes},
		"38 fixed64":                       {`"c":7`, "f64", `f64: 7`, passes},
		"38 another uint32":                {`"c":-1`, "u32", `u32: 4294967295`, bindingMismatch},
		"38 an enum":                       {`"c":"GREEN"`, "color", `color: GREEN`, passes},
		"38 an enum by its other name":     {`"c":"VERDE"`, "color", `color: GREEN`, passes},
		"38 another value of the enum":     {`"c":"VERDE"`, "color", `color: RED`, bindingMismatch},
		"38 a name the enum has not":       {`"c":"BLUE"`, "color", `color: GREEN`, bindingMismatch},
		"38 a negative value of the enum":  {`"c":"DEBT"`, "color", `color: DEBT`, passes},
		"38 the enum's zero, which is set": {`"c":"RED"`, "color", `color: RED`, passes},
		"41a the enum's zero, not set":     {`"c":"RED"`, "color", ``, bindingMismatch},
		"38 a list of enums":               {`"c":"GREEN"`, "colors", `colors: [GREEN, VERDE]`, passes},
		"38 another in a list of enums":    {`"c":"GREEN"`, "colors", `colors: [GREEN, RED]`, bindingMismatch},
		"41a a default value is not set":   {`"c":"ada"`, "name", ``, bindingMismatch},
		"38 0, which is set":               {`"c":0`, "i32", `i32: 0`, passes},
		"41a an empty string, which is set": {
			`"c":""`, "name", `name: ""`, bindingMismatch,
		},
		"38 a message in itself":           {`"c":"bob"`, "self.self.name", `self { self { name: "bob" } }`, passes},
		"41a a message in itself, missing": {`"c":"bob"`, "self.self.name", `self { name: "bob" }`, bindingMismatch},
		"38 a list of wrappers":            {`"c":"bob"`, "wrapped_names", `wrapped_names { value: "bob" } wrapped_names { value: "bob" }`, passes},
		"38 another in a list of wrappers": {`"c":"bob"`, "wrapped_names.value", `wrapped_names { value: "bob" } wrapped_names { }`, bindingMismatch},
		"41a no wrappers":                  {`"c":"bob"`, "wrapped_names", ``, bindingMismatch},
		"38 a wrapped uint32":              {`"c":"0"`, "wrapped_u32", `wrapped_u32 { }`, passes},
		"38 a field of a group":            {`"c":"bob"`, "grouped.owner", `Grouped { owner: "bob" }`, passes},
		"41a a group that is missing":      {`"c":"bob"`, "grouped.owner", ``, bindingMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := Compile(bind("c", tc.field), descriptor, nil)
			if err != nil {
				t.Fatal(err)
			}
			sent := dynamicpb.NewMessage(descriptor)
			if err := prototext.Unmarshal([]byte(tc.request), sent); err != nil {
				t.Fatal(err)
			}
			if got := decide(p, proven(t, tc.members), sent); got != tc.want {
				t.Errorf("%s for {%s}: got %v, want %v", &p.Bindings()[0], tc.request, got, tc.want)
			}
		})
	}
}

func TestBindingsOfEachKindRefuse(t *testing.T) {
	t.Parallel()
	descriptor := kindsMessage(t)
	for field, want := range map[string]string{
		"grouped":             `bind[0].field "grouped": kinds.M.grouped is a group, to which no claim can be bound: bind a string, an integer or an enum`,
		"self":                `bind[0].field "self": kinds.M.self is a message, to which no claim can be bound: bind a string, an integer or an enum`,
		"wrapped_bool":        `bind[0].field "wrapped_bool": google.protobuf.BoolValue.value is a bool, to which no claim can be bound: bind a string, an integer or an enum`,
		"wrapped_u32.value.x": `bind[0].field "wrapped_u32.value.x" goes on behind a field that is no message: stop at it`,
	} {
		if _, err := Compile(bind("c", field), descriptor, nil); err == nil || err.Error() != want {
			t.Errorf("Compile = %v\nwant      %s", err, want)
		}
	}
}
