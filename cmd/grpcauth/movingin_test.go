package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// notesSet is the notes service with its rules, and what it imports.
func notesSet() *descriptorpb.FileDescriptorSet {
	set, seen := &descriptorpb.FileDescriptorSet{}, map[string]bool{}
	var add func(protoreflect.FileDescriptor)
	add = func(fd protoreflect.FileDescriptor) {
		if seen[fd.Path()] {
			return
		}
		seen[fd.Path()] = true
		for i := range fd.Imports().Len() {
			add(fd.Imports().Get(i))
		}
		set.File = append(set.File, protodesc.ToFileDescriptorProto(fd))
	}
	add(notesv1.File_notes_v1_notes_proto)
	return set
}

// The notes service as it was before it had rules, and after changes that a
// reviewer must see.
func movingInSets() map[string]*descriptorpb.FileDescriptorSet {
	last := func(set *descriptorpb.FileDescriptorSet) *descriptorpb.FileDescriptorProto {
		return set.File[len(set.File)-1]
	}
	before, forgotten, opened := notesSet(), notesSet(), notesSet()
	last(before).Dependency = slices.DeleteFunc(last(before).Dependency, func(path string) bool { return path == ruleFile })
	last(before).Service[0].Options = nil
	for _, m := range last(before).Service[0].Method {
		m.Options = nil
	}
	for _, m := range last(opened).Service[0].Method {
		if m.GetName() == "PurgeNotes" {
			proto.SetExtension(m.Options, grpcauthv1.E_Rule, &grpcauthv1.Rule{Scopes: []string{"notes.admin"}})
		}
	}
	last(forgotten).Service[0].Method[0].Options = nil
	last(forgotten).Service[0].Options = nil
	last(forgotten).Service[0].Method = last(forgotten).Service[0].Method[:1]
	return map[string]*descriptorpb.FileDescriptorSet{"before.binpb": before, "new-method.binpb": forgotten, "branch.binpb": opened, "main.binpb": notesSet()}
}

// What docs/moving-in.md shows of the program is what it prints: stdout, then
// stderr. GRPCAUTH_TEST_UPDATE=1 writes it anew, and make readme copies it.
func TestWhatMovingInShows(t *testing.T) {
	dir := t.TempDir()
	for name, set := range movingInSets() {
		data, err := proto.Marshal(set)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pages, err := filepath.Abs("../../examples/movingin/testdata")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, c := range []struct {
		name string
		code int
		args []string
	}{
		{"init", 0, []string{"init", "--descriptor-set", "before.binpb"}},
		{"missing", 1, []string{"rules", "--descriptor-set", "new-method.binpb", "--fail-on-missing"}},
		{"diff", 1, []string{"rules", "--descriptor-set", "branch.binpb", "--diff", "main.binpb"}},
	} {
		got := runWith(t, "", nil, c.args...)
		if got.code != c.code {
			t.Errorf("%s: exit code %d, want %d: %s", c.name, got.code, c.code, got.stderr)
		}
		typed := "$ grpcauth " + strings.Join(c.args, " ") + "\n"
		if c.name == "init" { // what is to paste goes to one place, what is to read to another
			holdMovingIn(t, filepath.Join(pages, "guesses.txt"), got.stderr)
			got.stderr = ""
		}
		holdMovingIn(t, filepath.Join(pages, c.name+".txt"), typed+got.stdout+got.stderr)
	}
}

func holdMovingIn(t *testing.T, path, got string) {
	t.Helper()
	if os.Getenv("GRPCAUTH_TEST_UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what the program prints (make readme writes it):\n%s", filepath.Base(path), got)
	}
}
