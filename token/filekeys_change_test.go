package token_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

func TestAChangedFileIsReadAgain(t *testing.T) {
	t.Parallel()
	ed, ec := hands()[0], hands()[1]
	synctest.Test(t, func(t *testing.T) {
		file := newKeyFile(t, jwksOf(ed))
		keys := must(file.keys())
		file.write(t, pemOf(ec))
		time.Sleep(time.Second - 1)
		if !has(t, keys, ed) || has(t, keys, ec) {
			t.Error("the file was looked at within a second")
		}
		time.Sleep(1)
		if has(t, keys, ed) || !has(t, keys, ec) {
			t.Error("the file was not read again")
		}
		// Changed in place: the same file with another size.
		if err := os.WriteFile(file.path, []byte(pemOf(ec)+pemOf(ed)), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if !has(t, keys, ed) || !has(t, keys, ec) || len(file.faults) > 0 {
			t.Errorf("the file was not read again: %q", file.faults)
		}
		file.write(t, `{"keys":[]}`)
		time.Sleep(time.Second)
		if has(t, keys, ed) || has(t, keys, ec) {
			t.Error("the keys were not withdrawn")
		}
	})
}

// Each of what tells two versions of a file apart does so alone.
func TestWhatTellsAFileFromItsNextVersion(t *testing.T) {
	t.Parallel()
	ed, other := hands()[0], hand{key: must(token.GenerateKey(token.EdDSA))}
	inPlace := func(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) }
	for name, change := range map[string]func(t *testing.T, file *keyFile, before os.FileInfo) error{
		"it is another file": func(t *testing.T, file *keyFile, before os.FileInfo) error {
			t.Helper()
			file.write(t, jwksOf(other))
			return os.Chtimes(file.path, before.ModTime(), before.ModTime())
		},
		"its size": func(_ *testing.T, file *keyFile, before os.FileInfo) error {
			return errors.Join(inPlace(file.path, jwksOf(other)+"\n"), os.Chtimes(file.path, before.ModTime(), before.ModTime()))
		},
		"its time": func(_ *testing.T, file *keyFile, before os.FileInfo) error {
			return errors.Join(inPlace(file.path, jwksOf(other)), os.Chtimes(file.path, time.Time{}, before.ModTime().Add(-time.Hour)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				file := newKeyFile(t, jwksOf(ed))
				before := must(os.Stat(file.path))
				keys := must(file.keys())
				if err := change(t, file, before); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				if has(t, keys, ed) || !has(t, keys, other) {
					t.Error("the next version was not read")
				}
			})
		})
	}
}

func TestAFileThatHasNotChangedIsNotReadAgain(t *testing.T) {
	t.Parallel()
	ed := hands()[0]
	synctest.Test(t, func(t *testing.T) {
		keys := must(newKeyFile(t, jwksOf(ed)).keys())
		before := must(keys.Key(t.Context(), ed.key.ID(), ""))
		time.Sleep(time.Minute)
		if after := must(keys.Key(t.Context(), ed.key.ID(), "")); after != before {
			t.Error("the key was read again")
		}
	})
}

// A clock that is set back must not keep a file from being looked at.
func TestAFileUnderAClockThatIsSetBack(t *testing.T) {
	t.Parallel()
	file, at := newKeyFile(t, jwksOf(hands()[0])), now
	keys := must(token.NewFileKeys(token.FileKeysConfig{Path: file.path, Now: func() time.Time { return at }}))
	file.write(t, jwksOf(hands()[1]))
	at = now.Add(-time.Hour)
	if !has(t, keys, hands()[1]) {
		t.Error("the file was not looked at")
	}
}

// Kubernetes mounts keys -> ..data/keys and swaps the link ..data.
func TestAKubernetesSwapIsSeen(t *testing.T) {
	t.Parallel()
	ed, ec := hands()[0], hands()[1]
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		mount := func(version, text string) {
			if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, version, "keys"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			link(t, version, filepath.Join(dir, "..data"))
		}
		mount("..1", jwksOf(ed))
		link(t, filepath.Join("..data", "keys"), filepath.Join(dir, "keys"))
		file := &keyFile{path: filepath.Join(dir, "keys")}
		keys := must(file.keys())
		mount("..2", jwksOf(ec))
		if err := os.RemoveAll(filepath.Join(dir, "..1")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if has(t, keys, ed) || !has(t, keys, ec) || len(file.faults) > 0 {
			t.Errorf("the swap was not seen: %q", file.faults)
		}
	})
}

// link makes or replaces a symbolic link, at once.
func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// checklist: K4
func TestABrokenFileKeepsTheOldKeys(t *testing.T) {
	t.Parallel()
	ed, ec := hands()[0], hands()[1]
	synctest.Test(t, func(t *testing.T) {
		file := newKeyFile(t, jwksOf(ed))
		keys := must(file.keys())
		for _, state := range []struct {
			change func()
			want   string
		}{
			{func() { file.write(t, "{") }, "JSON"},
			{func() { file.write(t, "hello") }, "neither"},
			{func() { file.write(t, string(must(ed.key.MarshalPKCS8()))) }, "private key"},
			{func() { _ = os.Remove(file.path) }, "no such file"},
		} {
			state.change()
			told := len(file.faults)
			for range 3 {
				time.Sleep(time.Second)
				if !has(t, keys, ed) {
					t.Fatalf("%s: the old key is gone", state.want)
				}
			}
			if len(file.faults) != told+1 || !strings.Contains(file.faults[told], state.want) {
				t.Errorf("told %q, want one with %q", file.faults[told:], state.want)
			}
		}
		file.write(t, jwksOf(ec))
		time.Sleep(time.Second)
		if has(t, keys, ed) || !has(t, keys, ec) {
			t.Error("the mended file was not read")
		}
		told := len(file.faults)
		if err := os.Remove(file.path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if !has(t, keys, ec) || len(file.faults) != told+1 {
			t.Errorf("told %q of the same fault after it was mended", file.faults[told:])
		}
	})
}

// Many ask while the file changes under them. The race detector watches.
func TestManyAskAFile(t *testing.T) {
	t.Parallel()
	ed, ec := hands()[0], hands()[1]
	synctest.Test(t, func(t *testing.T) {
		file := newKeyFile(t, jwksOf(ed, ec))
		keys := must(file.keys())
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 20 {
					time.Sleep(time.Second / 3)
					if !has(t, keys, ed) {
						t.Error("a key that always was there is gone")
					}
				}
			})
		}
		for i := range 6 {
			time.Sleep(time.Second)
			file.write(t, []string{jwksOf(ed), jwksOf(ed, ec)}[i%2])
		}
		all.Wait()
	})
}

// Times of files are coarse, so two versions of one size can bear the same:
// one that was read just after it was written is read once more.
func TestAFileThatChangesTwiceWithinATick(t *testing.T) {
	t.Parallel()
	ed, other := hands()[0], hand{key: must(token.GenerateKey(token.EdDSA))}
	file, written := newKeyFile(t, jwksOf(ed)), now
	write := func(h hand) {
		t.Helper()
		if err := errors.Join(os.WriteFile(file.path, []byte(jwksOf(h)), 0o600), os.Chtimes(file.path, written, written)); err != nil {
			t.Fatal(err)
		}
	}
	write(ed)
	at := written.Add(time.Second)
	keys := must(token.NewFileKeys(token.FileKeysConfig{Path: file.path, Now: func() time.Time { return at }}))
	write(other)
	at = at.Add(time.Second)
	if has(t, keys, ed) || !has(t, keys, other) {
		t.Fatal("the second version was not read")
	}
	at = at.Add(time.Second)
	before := must(keys.Key(t.Context(), other.key.ID(), ""))
	at = at.Add(time.Second)
	if after := must(keys.Key(t.Context(), other.key.ID(), "")); after != before {
		t.Error("a file that has settled is read again")
	}
}
