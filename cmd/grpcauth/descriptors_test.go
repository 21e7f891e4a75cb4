package main

import (
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// Each refusal is the exact line that somebody sees.
func TestRulesOfBadFiles(t *testing.T) {
	t.Parallel()
	const notASet = "it is no descriptor set, or was cut off: write it with buf build -o FILE, or protoc --include_imports -o FILE"
	const notOld = "it is neither what grpcauth rules --json prints nor a descriptor set"
	good := shop(t)
	importing := ruledFile(t, "shop.v1.ShopService", "-", ruled{"Buy", "unary", ""})
	importing.Dependency = []string{"grpcauth/v1/rule.proto"}
	nowhere := ruledFile(t, "shop.v1.ShopService", "-", ruled{"Buy", "unary", ""})
	nowhere.GetService()[0].GetMethod()[0].InputType = new(".shop.v1.Nothing")
	missing := filepath.Join(t.TempDir(), "none")
	dir := t.TempDir()
	for _, c := range []struct {
		name, input string
		args        []string
		want        string
	}{
		{"missing", "", []string{"--descriptor-set", missing}, "--descriptor-set " + missing + ": no such file or directory"},
		{"a folder", "", []string{"--descriptor-set", dir}, "--descriptor-set " + dir + ": is a directory"},
		{"empty", "", []string{"--descriptor-set", "-"}, "--descriptor-set -: " + notASet},
		{"text", "syntax = \"proto3\";\n", []string{"--descriptor-set", "-"}, "--descriptor-set -: " + notASet},
		{"JSON", "{}", []string{"--descriptor-set", "-"}, "--descriptor-set -: " + notASet},
		{"truncated", good[:len(good)-7], []string{"--descriptor-set", "-"}, "--descriptor-set -: " + notASet},
		{"no services", ruledSet(t, &descriptorpb.FileDescriptorProto{Name: new("a.proto")}), []string{"--descriptor-set", "-"}, "--descriptor-set -: it describes no service: give the files in which services are written"},
		{
			"without imports", ruledSet(t, importing),
			[]string{"--descriptor-set", "-"},
			"--descriptor-set -: shop/v1/ShopService.proto imports grpcauth/v1/rule.proto, which is missing: include imports (protoc --include_imports, buf build without --exclude-imports)",
		},
		{
			"a message that is not there", ruledSet(t, nowhere),
			[]string{"--descriptor-set", "-"},
			`--descriptor-set -: the descriptors do not fit together: proto: service method "shop.v1.ShopService.Buy" cannot resolve input: "shop.v1.Nothing" not found`,
		},
		{"old: missing", good, []string{"--descriptor-set", "-", "--diff", missing}, "--diff " + missing + ": no such file or directory"},
		{"old: empty", good, []string{"--descriptor-set", "-", "--diff", "/dev/null"}, "--diff /dev/null: " + notOld},
		{"old: truncated", good, []string{"--descriptor-set", "-", "--diff", write(t, "cut", good[:len(good)-7], 0o600)}, "--diff *: " + notOld},
		{
			"old: JSON of another kind", good,
			[]string{"--descriptor-set", "-", "--diff", write(t, "a.json", `{"name": "grpcauth"}`, 0o600)},
			`--diff *: it is no matrix that this version of grpcauth rules --json writes: unknown object member name at /name`,
		},
		{
			"old: JSON that is cut off", good,
			[]string{"--descriptor-set", "-", "--diff", write(t, "d.json", `{"grpcauth_rules": 1, "methods": [`, 0o600)},
			`--diff *: it is no matrix that this version of grpcauth rules --json writes: jsontext: unexpected EOF within "/methods" after offset 34`,
		},
		{
			"old: JSON of another type", good,
			[]string{"--descriptor-set", "-", "--diff", write(t, "e.json", `{"grpcauth_rules": 1, "methods": {}}`, 0o600)},
			`--diff *: it is no matrix that this version of grpcauth rules --json writes: unexpected { at /methods`,
		},
		{
			"old: JSON without a matrix", good,
			[]string{"--descriptor-set", "-", "--diff", write(t, "b.json", `{}`, 0o600)},
			"--diff *: it is no matrix that this version of grpcauth rules --json writes: grpcauth_rules is 0, not 1",
		},
		{
			"old: JSON of a later version", good,
			[]string{"--descriptor-set", "-", "--diff", write(t, "c.json", `{"grpcauth_rules": 2, "methods": []}`, 0o600)},
			"--diff *: it is no matrix that this version of grpcauth rules --json writes: grpcauth_rules is 2, not 1",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := runWith(t, c.input, nil, append([]string{"rules"}, c.args...)...)
			want := strings.Replace("grpcauth: "+c.want+"\n", "*", c.args[len(c.args)-1], 1)
			if got.code != exitFailure || got.stdout != "" || got.stderr != want {
				t.Errorf("got  %+v\nwant %s", got, want)
			}
		})
	}
}

// The options of a file may be anything: each bad one is told beside its
// method, and the others are shown.
func TestRulesOfOptionsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	file := ruledFile(t, "shop.v1.ShopService", "-", ruled{"Buy", "unary", ""}, ruled{"Sell", "unary", ""}, ruled{"Look", "unary", ""})
	methods := file.GetService()[0].GetMethod()
	junk := &descriptorpb.MethodOptions{}
	junk.ProtoReflect().SetUnknown([]byte{0xda, 0xae, 0x19, 0x03, 0xff, 0xff, 0xff}) // field 51947, three bytes that are no Rule
	methods[0].Options = junk
	later := &grpcauthv1.Rule{Scopes: []string{"a"}}
	later.ProtoReflect().SetUnknown([]byte{0x8a, 0x01, 0x01, 'x'}) // field 17, which this version does not know
	proto.SetExtension(methods[1].GetOptions(), grpcauthv1.E_Rule, later)
	got := runWith(t, ruledSet(t, file), nil, "rules", "--descriptor-set", "-")
	for _, want := range []string{
		"  Buy   unary          method option   nobody: the rule can't be right\n    ! options of shop.v1.ShopService.Buy can't be read, correct the rule in shop/v1/ShopService.proto: proto: cannot parse invalid wire-format data\n",
		"  Sell  unary          method option   nobody: the rule can't be right\n    ! Rule has fields that this version of grpcauth does not know: upgrade the server's grpcauth module\n",
		"  Look  unary          method option   an access token\n",
	} {
		if !strings.Contains(strings.ReplaceAll(got.stdout, "\u00a0", " "), want) {
			t.Errorf("no %q in\n%s", want, got.stdout)
		}
	}
	if got.code != exitFailure || !strings.HasSuffix(got.stderr, "grpcauth: 2 methods have a rule that can't be right\n") {
		t.Errorf("got %+v", got)
	}
}
