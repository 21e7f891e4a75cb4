package policy

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// oldFile is what a .proto of syntax proto2 can hold.
const oldFile = `
name: "attack/old.proto" package: "attack.old" syntax: "proto2"
message_type {
  name: "Request"
  field {name: "user" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL default_value: "ada"}
  field {name: "needed" number: 2 type: TYPE_STRING label: LABEL_REQUIRED}
  field {name: "number" number: 3 type: TYPE_INT32 label: LABEL_OPTIONAL default_value: "7"}
  field {name: "level" number: 4 type: TYPE_ENUM type_name: ".attack.old.Level" label: LABEL_OPTIONAL default_value: "HIGH"}
  field {name: "levels" number: 5 type: TYPE_ENUM type_name: ".attack.old.Level" label: LABEL_REPEATED}
  field {name: "inner" number: 6 type: TYPE_GROUP type_name: ".attack.old.Request.Inner" label: LABEL_OPTIONAL}
  field {name: "self" number: 7 type: TYPE_MESSAGE type_name: ".attack.old.Request" label: LABEL_OPTIONAL}
  extension_range {start: 100 end: 200}
  nested_type {name: "Inner" field {name: "user" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL}}
  extension {name: "extra" number: 100 type: TYPE_STRING label: LABEL_OPTIONAL extendee: ".attack.old.Request"}
}
enum_type {
  name: "Level"
  value {name: "LOW" number: 1}
  value {name: "HIGH" number: 2}
  value {name: "TOP" number: 2}
  options {allow_alias: true}
}`

// newFile is what a .proto of an edition can hold.
const newFile = `
name: "attack/new.proto" package: "attack.new" syntax: "editions" edition: EDITION_2023
message_type {
  name: "Request"
  field {name: "explicit" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL}
  field {name: "implicit" number: 2 type: TYPE_INT32 label: LABEL_OPTIONAL options {features {field_presence: IMPLICIT}}}
  field {name: "required" number: 3 type: TYPE_INT32 label: LABEL_OPTIONAL options {features {field_presence: LEGACY_REQUIRED}}}
  field {name: "delimited" number: 4 type: TYPE_MESSAGE type_name: ".attack.new.Request" label: LABEL_OPTIONAL options {features {message_encoding: DELIMITED}}}
  field {name: "closed" number: 5 type: TYPE_ENUM type_name: ".attack.new.Closed" label: LABEL_OPTIONAL}
  field {name: "number" number: 6 type: TYPE_INT32 label: LABEL_OPTIONAL}
}
enum_type {name: "Closed" options {features {enum_type: CLOSED}} value {name: "NO" number: 0} value {name: "YES" number: 1}}`

func messageOf(t *testing.T, text string) protoreflect.MessageDescriptor {
	t.Helper()
	file := &descriptorpb.FileDescriptorProto{}
	if err := prototext.Unmarshal([]byte(text), file); err != nil {
		t.Fatal(err)
	}
	fd, err := protodesc.NewFile(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return fd.Messages().ByName("Request")
}

// Presence decides, and never a default that nobody sent: the handler may well
// read "" or the default where the field is not there, but it was not bound.
func TestBindOfEverySyntax(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		file, field, claims string
		request             string
		unknown             []byte
		want                bool
	}{
		"proto2 default nobody sent":               {oldFile, "user", `"sub":"ada"`, ``, nil, false},
		"proto2 the default, sent":                 {oldFile, "user", `"sub":"ada"`, `user: "ada"`, nil, true},
		"proto2 empty, sent":                       {oldFile, "user", `"sub":"ada"`, `user: ""`, nil, false},
		"proto2 default number nobody sent":        {oldFile, "number", `"sub":"7"`, ``, nil, false},
		"proto2 zero, sent":                        {oldFile, "number", `"sub":"0"`, `number: 0`, nil, true},
		"proto2 default enum nobody sent":          {oldFile, "level", `"sub":"HIGH"`, ``, nil, false},
		"proto2 enum by its alias":                 {oldFile, "level", `"sub":"TOP"`, `level: HIGH`, nil, true},
		"proto2 closed enum of an unknown number":  {oldFile, "level", `"sub":"HIGH"`, ``, protowire.AppendVarint(protowire.AppendTag(nil, 4, protowire.VarintType), 9), false},
		"proto2 unknown number beside a known one": {oldFile, "levels", `"sub":"LOW"`, `levels: LOW`, protowire.AppendVarint(protowire.AppendTag(nil, 5, protowire.VarintType), 9), false}, // in Go every enum is open
		"proto2 required, not sent":                {oldFile, "needed", `"sub":"ada"`, ``, nil, false},
		"proto2 group":                             {oldFile, "inner.user", `"sub":"ada"`, `Inner {user: "ada"}`, nil, true},
		"proto2 group, not sent":                   {oldFile, "inner.user", `"sub":"ada"`, ``, nil, false},
		"proto2 group of another":                  {oldFile, "inner.user", `"sub":"ada"`, `Inner {user: "bob"}`, nil, false},
		"recursive":                                {oldFile, "self.self.self.user", `"sub":"ada"`, `self {self {self {user: "ada"}}}`, nil, true},
		"recursive, cut short":                     {oldFile, "self.self.self.user", `"sub":"ada"`, `self {self {user: "ada"}}`, nil, false},
		"edition explicit, not sent":               {newFile, "explicit", `"sub":"ada"`, ``, nil, false},
		"edition explicit, empty":                  {newFile, "explicit", `"sub":"ada"`, `explicit: ""`, nil, false},
		"edition explicit zero":                    {newFile, "number", `"sub":"0"`, `number: 0`, nil, true},
		"edition implicit zero":                    {newFile, "implicit", `"sub":"0"`, `implicit: 0`, nil, false},
		"edition required":                         {newFile, "required", `"sub":"4"`, `required: 4`, nil, true},
		"edition delimited":                        {newFile, "delimited.explicit", `"sub":"ada"`, `delimited {explicit: "ada"}`, nil, true},
		"edition closed enum":                      {newFile, "closed", `"sub":"NO"`, `closed: NO`, nil, true},
		"edition closed enum, unknown":             {newFile, "closed", `"sub":"NO"`, ``, protowire.AppendVarint(protowire.AppendTag(nil, 5, protowire.VarintType), 9), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			input := messageOf(t, tc.file)
			p, err := Compile(&grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: "sub", Field: tc.field}}}, input, nil)
			if err != nil {
				t.Fatal(err)
			}
			sent := dynamicpb.NewMessage(input)
			if err := (prototext.UnmarshalOptions{AllowPartial: true}).Unmarshal([]byte(tc.request), sent); err != nil {
				t.Fatal(err)
			}
			wire, err := proto.MarshalOptions{AllowPartial: true}.Marshal(sent)
			if err != nil {
				t.Fatal(err)
			}
			got := dynamicpb.NewMessage(input)
			if err := (proto.UnmarshalOptions{AllowPartial: true}).Unmarshal(append(wire, tc.unknown...), got); err != nil {
				t.Fatal(err)
			}
			if err := p.CheckRequest(proven(t, tc.claims), got); (err == nil) != tc.want {
				t.Errorf("bound: %v, want %t", err, tc.want)
			}
		})
	}
}

// A descriptor set may lack the files that it imports; what is in them is not
// known, and nothing can be bound to it.
func TestBindToATypeWhoseFileIsMissing(t *testing.T) {
	t.Parallel()
	file := &descriptorpb.FileDescriptorProto{}
	if err := prototext.Unmarshal([]byte(`
name: "attack/holes.proto" package: "attack.holes" syntax: "proto2" dependency: "attack/missing.proto"
message_type {
  name: "Request"
  field {name: "gone" number: 1 type: TYPE_MESSAGE type_name: ".attack.missing.Gone" label: LABEL_OPTIONAL}
  field {name: "level" number: 2 type: TYPE_ENUM type_name: ".attack.missing.Level" label: LABEL_OPTIONAL}
}
service {name: "Svc" method {name: "Do" input_type: ".attack.missing.Gone" output_type: ".attack.missing.Gone"}}`), file); err != nil {
		t.Fatal(err)
	}
	fd, err := protodesc.FileOptions{AllowUnresolvable: true}.New(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	request, method := fd.Messages().ByName("Request"), fd.Services().Get(0).Methods().Get(0)
	for name, tc := range map[string]struct {
		input protoreflect.MessageDescriptor
		field string
		want  string
	}{
		"a field of a missing type":   {request, "gone", "attack.missing.Gone"},
		"a field in a missing type":   {request, "gone.user", "attack.missing.Gone"},
		"a request of a missing type": {method.Input(), "user", "attack.missing.Gone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Compile(&grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: "sub", Field: tc.field}}}, tc.input, nil)
			if err == nil || !strings.Contains(err.Error(), "bind[0].field") {
				t.Errorf("err = %v, want one about bind[0].field", err)
			}
		})
	}
	t.Run("an enum of a missing type", func(t *testing.T) {
		t.Parallel()
		p, err := Compile(&grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: "sub", Field: "level"}}}, request, nil)
		if err != nil {
			return
		}
		m := dynamicpb.NewMessage(request)
		m.Set(request.Fields().ByName("level"), protoreflect.ValueOfEnum(1))
		if p.CheckRequest(proven(t, ""), m) == nil {
			t.Error("bound to a number without a name")
		}
	})
}
