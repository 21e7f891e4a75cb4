package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// ruled is a method and its rule as a .proto has it. "-" is none.
type ruled struct {
	name, shape, rule string
}

// ruleOf reads a rule as it stands in a .proto.
func ruleOf(t *testing.T, text string) *grpcauthv1.Rule {
	t.Helper()
	var rule grpcauthv1.Rule
	if err := prototext.Unmarshal([]byte(text), &rule); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return &rule
}

// ruledFile describes a service. serviceRule "-" is none.
func ruledFile(t *testing.T, service, serviceRule string, methods ...ruled) *descriptorpb.FileDescriptorProto {
	t.Helper()
	dot := strings.LastIndexByte(service, '.')
	file := &descriptorpb.FileDescriptorProto{
		Name: new(strings.ReplaceAll(service, ".", "/") + ".proto"), Package: new(service[:dot]), Syntax: new("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: new(service[dot+1:] + "Call"), Field: []*descriptorpb.FieldDescriptorProto{{
			Name: new("user"), Number: new(int32(1)), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(), Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(),
		}}}},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: new(service[dot+1:])}},
	}
	sd, call := file.GetService()[0], new("."+service+"Call")
	if serviceRule != "-" {
		sd.Options = &descriptorpb.ServiceOptions{}
		proto.SetExtension(sd.GetOptions(), grpcauthv1.E_ServiceRule, ruleOf(t, serviceRule))
	}
	for _, m := range methods {
		md := &descriptorpb.MethodDescriptorProto{
			Name: new(m.name), InputType: call, OutputType: call,
			ClientStreaming: new(m.shape == "client" || m.shape == "bidi"), ServerStreaming: new(m.shape == "server" || m.shape == "bidi"),
		}
		if m.rule != "-" {
			md.Options = &descriptorpb.MethodOptions{}
			proto.SetExtension(md.GetOptions(), grpcauthv1.E_Rule, ruleOf(t, m.rule))
		}
		sd.Method = append(sd.Method, md)
	}
	return file
}

func ruledSet(t *testing.T, files ...*descriptorpb.FileDescriptorProto) string {
	t.Helper()
	data, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: files})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// oneMethod is a descriptor set with one method of that rule.
func oneMethod(t *testing.T, rule string) string {
	t.Helper()
	return ruledSet(t, ruledFile(t, "shop.v1.ShopService", "-", ruled{"Buy", "unary", rule}))
}

// shop has a method for each field of Rule.
func shop(t *testing.T) string {
	t.Helper()
	return ruledSet(t,
		ruledFile(t, "shop.v1.ShopService", "scopes: 'shop.read'",
			ruled{"Browse", "unary", "public: true"},
			ruled{"Greet", "unary", "optional: true scopes: 'greet'"},
			ruled{"Buy", "unary", ""},
			ruled{"List", "server", "-"},
			ruled{"Pay", "unary", `issuers: 'https://a.example' issuers: 'https://b.example' kinds: 'at+jwt' kinds: 'application/Pay+JWT'
				scopes: 'pay' scopes: 'write' any_scopes: 'eur' any_scopes: 'usd' any_scopes: 'gbp' roles: 'buyer' deny_roles: 'suspended' deny_roles: 'on leave'
				claims: {path: 'realm.tier' string_value: 'true'} claims: {path: 'adult' bool_value: true} claims: {path: '/https:~1~1shop~1level' number_value: 2.5}
				bind: {claim: 'sub' field: 'user'} override: {scopes: 'root' roles: 'admin' claims: {path: 'staff' bool_value: true}}
				max_auth_age: {seconds: 300} sender_constrained: true stream_lifetime: STREAM_LIFETIME_TOKEN when_stale: WHEN_STALE_DENY`},
			ruled{"Report", "client", "any_scopes: 'report' skip_revocation: true"},
			ruled{"Watch", "bidi", "max_auth_age: {seconds: 7200} when_stale: WHEN_STALE_ALLOW"},
			ruled{"Broken", "unary", "roles: 'a' deny_roles: 'a' bind: {claim: 'sub' field: 'nosuch'}"},
			ruled{"Hostile", "unary", `roles: "<script>alert(1)</script>" roles: "a|b` + "`" + `c" roles: "\x1b[31mred\u202e\n"`},
		),
		ruledFile(t, "shop.v1.StockService", "-", ruled{"Count", "unary", "-"}, ruled{"Fill", "client", "-"}),
		ruledFile(t, "grpc.health.v1.Health", "-", ruled{"Check", "unary", "-"}, ruled{"Watch", "server", "-"}),
	)
}

// shopLater is the shop after somebody changed it.
func shopLater(t *testing.T) string {
	t.Helper()
	return ruledSet(t,
		ruledFile(t, "shop.v1.ShopService", "scopes: 'shop.read'",
			ruled{"Browse", "unary", "optional: true"},
			ruled{"Greet", "unary", "optional: true scopes: 'greet' scopes: '<b>'"},
			ruled{"Buy", "unary", "public: true"},
			ruled{"List", "server", "scopes: 'shop.read'"}, // the same, written elsewhere
			ruled{"Pay", "unary", `issuers: 'https://a.example' scopes: 'pay' any_scopes: 'chf' deny_roles: 'on leave'
				claims: {path: 'realm.tier' bool_value: true} bind: {claim: 'client_id' field: 'user'} override: {roles: 'owner'} max_auth_age: {seconds: 3600}
				when_stale: WHEN_STALE_ALLOW`},
			ruled{"Watch", "bidi", "max_auth_age: {seconds: 60}"},
			ruled{"Broken", "unary", "roles: 'a'"},
			ruled{"Hostile", "unary", `roles: "<script>alert(1)</script>" roles: "\x1b[32mgreen|"`},
			ruled{"New", "unary", "-"},
			ruled{"Refund", "unary", "roles: 'clerk'"},
		),
		ruledFile(t, "shop.v1.StockService", "roles: 'stock'", ruled{"Count", "unary", "-"}, ruled{"Fill", "client", "deny_roles: 'x' roles: 'x'"}),
		ruledFile(t, "grpc.health.v1.Health", "-", ruled{"Check", "unary", "-"}, ruled{"List", "unary", "-"}, ruled{"Watch", "server", "-"}),
	)
}

// golden compares text with a file of testdata. GRPCAUTH_TEST_UPDATE=1 writes
// the file anew.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "rules", name)
	if os.Getenv("GRPCAUTH_TEST_UPDATE") != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("not what %s holds. If it should be, run GRPCAUTH_TEST_UPDATE=1 go test ./cmd/grpcauth -run Rules\n%s", path, got)
	}
}
