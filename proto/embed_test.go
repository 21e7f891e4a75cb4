package proto_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/grpcauth/grpcauth/internal/testkit"
	"github.com/grpcauth/grpcauth/proto"
)

func Example() {
	names, err := fs.Glob(proto.FS, "grpcauth/v1/r*.proto")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range names {
		fmt.Println(name)
	}
	// Output:
	// grpcauth/v1/reason.proto
	// grpcauth/v1/rule.proto
}

func TestEveryProtoIsEmbedded(t *testing.T) {
	t.Parallel()
	onDisk, err := filepath.Glob("grpcauth/v1/*.proto")
	if err != nil || len(onDisk) == 0 {
		t.Fatalf("found %v: %v", onDisk, err)
	}
	for _, name := range onDisk {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := proto.FS.ReadFile(filepath.ToSlash(name))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s is not embedded as it is on disk: %v", name, err)
		}
	}
}

// What is exported must be whole: it builds in a module that holds nothing
// else, and a rule written beside it compiles.
func TestExportedFilesBuildAlone(t *testing.T) {
	t.Parallel()
	buf := testkit.Require(t, "buf")
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "vendored"), proto.FS); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"buf.yaml": "version: v2\nmodules:\n  - path: vendored\n  - path: own\n",
		"own/shop/v1/shop.proto": `syntax = "proto3";
package shop.v1;
import "grpcauth/v1/rule.proto";
service ShopService {
  rpc Buy(BuyRequest) returns (BuyResponse) {
    option (grpcauth.v1.rule) = {scopes: "shop.buy"};
  }
}
message BuyRequest {}
message BuyResponse {}
`,
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"build", "vendored"}, {"build"}, {"lint"}} {
		cmd := exec.CommandContext(t.Context(), buf, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("buf %v: %v\n%s", args, err, out)
		}
	}
}
