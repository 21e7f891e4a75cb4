package policy

import (
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// An option of our number that is no Rule (another project's, or damaged) is
// not the absence of a rule: the service's looser one must not take its place.
func TestAnOptionThatIsNoRuleIsNotInherited(t *testing.T) {
	t.Parallel()
	number := grpcauthv1.E_Rule.TypeDescriptor().Number()
	for name, raw := range map[string][]byte{
		"a number":        protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), 1),
		"a fixed number":  protowire.AppendFixed32(protowire.AppendTag(nil, number, protowire.Fixed32Type), 1),
		"text":            protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), "high"),
		"after another's": protowire.AppendVarint(protowire.AppendTag(protowire.AppendString(protowire.AppendTag(nil, 60000, protowire.BytesType), "x"), number, protowire.VarintType), 1),
		"beside a rule":   protowire.AppendVarint(protowire.AppendTag(protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), nil), number, protowire.VarintType), 1),
		"a group of ours": protowire.AppendTag(protowire.AppendTag(nil, number, protowire.StartGroupType), number, protowire.EndGroupType),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			method, service := &descriptorpb.MethodOptions{}, &descriptorpb.ServiceOptions{}
			method.ProtoReflect().SetUnknown(raw)
			proto.SetExtension(service, grpcauthv1.E_ServiceRule, &grpcauthv1.Rule{Public: true})
			file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
				Name: new("attack/find.proto"), Package: new("attack.find"),
				MessageType: []*descriptorpb.DescriptorProto{{Name: new("Nothing")}},
				Service: []*descriptorpb.ServiceDescriptorProto{{Name: new("Svc"), Options: service, Method: []*descriptorpb.MethodDescriptorProto{{
					Name: new("Do"), InputType: new(".attack.find.Nothing"), OutputType: new(".attack.find.Nothing"), Options: method,
				}}}},
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if rule, inherited, err := Find(file.Services().Get(0).Methods().Get(0)); err == nil {
				t.Errorf("found %v (inherited %t)", rule, inherited)
			}
		})
	}
}
