package policy

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// Find is the rule written beside a method in its .proto, or the one of its
// service, which is inherited then. A nil rule means that there is none. The
// error is for options that can't be read.
func Find(method protoreflect.MethodDescriptor) (rule *grpcauthv1.Rule, inherited bool, err error) {
	rule, err = extension(method, grpcauthv1.E_Rule)
	if rule != nil || err != nil {
		return rule, false, err
	}
	rule, err = extension(method.Parent(), grpcauthv1.E_ServiceRule)
	return rule, rule != nil, err
}

// extension is the rule in the options of d, or nil. They are parsed anew: a
// descriptor that was not generated may have been parsed without our types, and
// then holds the rule as bytes, which looks like no rule at all.
func extension(d protoreflect.Descriptor, xt protoreflect.ExtensionType) (*grpcauthv1.Rule, error) {
	raw, err := proto.MarshalOptions{AllowPartial: true}.Marshal(d.Options())
	if err != nil {
		return nil, fmt.Errorf("options of %s: %w", d.FullName(), err)
	}
	options := d.Options().ProtoReflect().New().Interface()
	if err := (proto.UnmarshalOptions{AllowPartial: true}).Unmarshal(raw, options); err != nil {
		return nil, fmt.Errorf("options of %s can't be read, correct the rule in %s: %w", d.FullName(), d.ParentFile().Path(), err)
	}
	if holds(options.ProtoReflect().GetUnknown(), xt.TypeDescriptor().Number()) {
		return nil, fmt.Errorf("options of %s have an option of number %d that is no grpcauth rule: give that one another number, or upgrade the server's grpcauth module", d.FullName(), xt.TypeDescriptor().Number())
	}
	if !proto.HasExtension(options, xt) {
		return nil, nil
	}
	rule, _ := proto.GetExtension(options, xt).(*grpcauthv1.Rule)
	return rule, nil
}

// holds reports whether unknown fields have one of that number: a rule that is
// there and can't be read is not the absence of one.
func holds(unknown protoreflect.RawFields, number protowire.Number) bool {
	for len(unknown) > 0 {
		found, _, n := protowire.ConsumeField(unknown)
		if n < 0 || found == number { // what can't be read at all may hold it
			return true
		}
		unknown = unknown[n:]
	}
	return false
}

// Infrastructure reports whether a service is health checking or server
// reflection, whose .proto files carry no rules.
func Infrastructure(service string) bool {
	switch service {
	case "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection":
		return true
	}
	return false
}
