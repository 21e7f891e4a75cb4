package policy

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// A file that was not generated may have been parsed without the types of
// rule.proto. A rule that looks like none would give way to the service's.
func TestRuleIsFoundHoweverItsFileWasParsed(t *testing.T) {
	t.Parallel()
	rule := &descriptorpb.MethodOptions{}
	proto.SetExtension(rule, grpcauthv1.E_Rule, &grpcauthv1.Rule{Scopes: []string{"admin"}})
	good, err := proto.Marshal(rule)
	if err != nil {
		t.Fatal(err)
	}
	bad := protowire.AppendBytes(protowire.AppendTag(nil, 51947, protowire.BytesType), []byte{0xff})
	dynamic := new(protoregistry.Types)
	if err := dynamic.RegisterExtension(dynamicpb.NewExtensionType(grpcauthv1.E_Rule.TypeDescriptor().Descriptor())); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		options []byte
		types   *protoregistry.Types
		wantErr string
	}{
		"with our types":     {good, protoregistry.GlobalTypes, ""},
		"without our types":  {good, new(protoregistry.Types), ""},
		"with dynamic types": {good, dynamic, ""},
		"no rule at all":     {bad, new(protoregistry.Types), "options of parsed.S.Do can't be read, correct the rule in parsed.proto"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := &descriptorpb.MethodOptions{}
			if err := (proto.UnmarshalOptions{Resolver: tc.types}).Unmarshal(tc.options, options); err != nil {
				t.Fatal(err)
			}
			got, inherited, err := Find(methodWith(t, options))
			switch {
			case tc.wantErr != "":
				if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
					t.Errorf("error = %v, want %q", err, tc.wantErr)
				}
			case err != nil || inherited || !slices.Equal(got.GetScopes(), []string{"admin"}):
				t.Errorf("rule = %v, error = %v", got, err)
			}
		})
	}
}

// methodWith is a method, parsed.S.Do, with these options.
func methodWith(t *testing.T, options *descriptorpb.MethodOptions) protoreflect.MethodDescriptor {
	t.Helper()
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new("parsed.proto"), Package: new("parsed"), Syntax: new("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: new("M")}},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: new("S"), Method: []*descriptorpb.MethodDescriptorProto{{
			Name: new("Do"), InputType: new(".parsed.M"), OutputType: new(".parsed.M"), Options: options,
		}}}},
	}, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	return file.Services().Get(0).Methods().Get(0)
}
