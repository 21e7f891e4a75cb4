package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/proto"
)

func TestExportWritesTheWholeTree(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "third_party")
	first := runWith(t, "", nil, "proto", "export", dir)
	if first.code != exitOK || first.stderr != "" {
		t.Fatalf("got %+v", first)
	}
	var files int
	err := fs.WalkDir(proto.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		want, err := fs.ReadFile(proto.FS, name)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, name)
		got, err := os.ReadFile(path)
		if err != nil || string(got) != string(want) {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.Contains(first.stdout, "wrote "+path+"\n") {
			t.Errorf("it does not say that it wrote %s", path)
		}
		return nil
	})
	if err != nil || files == 0 {
		t.Fatalf("%d files, %v", files, err)
	}
	again := runWith(t, "", nil, "proto", "export", dir)
	if again.code != exitOK || again.stdout != strings.ReplaceAll(first.stdout, "wrote", "unchanged") {
		t.Errorf("a second time: got %+v", again)
	}
}

func TestExportReplacesNothingUnasked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mine := filepath.Join(dir, "grpcauth", "v1", "rule.proto")
	if err := os.MkdirAll(filepath.Dir(mine), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := runWith(t, "", nil, "proto", "export", dir)
	if got.code != exitFailure || got.stderr != "grpcauth: "+mine+" differs from this version's: add --force to replace it\n" {
		t.Errorf("got %+v", got)
	}
	if files, err := filepath.Glob(filepath.Join(filepath.Dir(mine), "*")); err != nil || len(files) != 1 {
		t.Errorf("it wrote some files before it refused: %v, %v", files, err)
	}
	if got := runWith(t, "", nil, "proto", "export", "--force", dir); got.code != exitOK || !strings.Contains(got.stdout, "wrote "+mine) {
		t.Errorf("with --force: got %+v", got)
	}
}
