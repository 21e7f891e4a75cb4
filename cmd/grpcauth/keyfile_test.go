package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestKeyFileIsMadeForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "grpcauth.key")
	made, err := createMasterKey(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %04o, want 0600", info.Mode().Perm())
	}
	read, err := readMasterKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read.secret, made.secret) || len(made.secret) != 32 {
		t.Error("what was read is not what was made")
	}
	if files, err := filepath.Glob(path + "*"); err != nil || len(files) != 1 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

func TestEveryoneWhoMakesAKeyFileGetsTheSameKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "grpcauth.key")
	keys := make([]masterKey, 16)
	var makers sync.WaitGroup
	for i := range keys {
		makers.Go(func() {
			var err error
			if keys[i], err = createMasterKey(path); err != nil {
				t.Error(err)
			}
		})
	}
	makers.Wait()
	for _, key := range keys {
		if !bytes.Equal(key.secret, keys[0].secret) {
			t.Fatal("two makers got different keys")
		}
	}
}

func TestKeyFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	good := newMasterKey().encode()
	for _, c := range []struct {
		name, text string
		mode       os.FileMode
		want       string
	}{
		{"read by its group", good, 0o640, "others can read it (mode 0640): run chmod 600 PATH"},
		{"read by all", good, 0o604, "others can read it (mode 0604): run chmod 600 PATH"},
		{"written by its group", good, 0o620, "others can read it (mode 0620): run chmod 600 PATH"},
		{"empty", "", 0o600, "it is not a key file of grpcauth, or it is damaged: name another, or restore it from a backup"},
		{"without its mark", strings.TrimPrefix(good, keyMark), 0o600, "it is not a key file"},
		{"cut short", good[:len(good)-3], 0o600, "it is not a key file"},
		{"too long", strings.TrimSpace(good) + "AAAA", 0o600, "it is not a key file"},
		{"another file", "-----BEGIN PRIVATE KEY-----\n", 0o600, "it is not a key file"},
		{"huge", strings.Repeat("x", maxPrivate+1), 0o600, "it is longer than any key (65536 bytes at most): name another file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := write(t, "key", c.text, c.mode)
			_, err := readMasterKey(path)
			want := "--key-file " + path + ": " + strings.ReplaceAll(c.want, "PATH", path)
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
			if err != nil && c.text == good && strings.Contains(err.Error(), good[len(keyMark):len(good)-1]) {
				t.Error("the error holds the key")
			}
		})
	}
}

func TestAFolderIsNoKeyFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := readMasterKey(dir); err == nil || err.Error() != "--key-file "+dir+": it is not a file" {
		t.Errorf("got %v", err)
	}
	if _, err := readMasterKey(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: got %v", err)
	}
	if _, err := createMasterKey(filepath.Join(dir, "none", "key")); err == nil || !strings.Contains(err.Error(), "can't be made: no such file or directory") {
		t.Errorf("in a missing folder: got %v", err)
	}
}

// checklist: B2
func TestKeysPrintAsNothing(t *testing.T) {
	t.Parallel()
	master := newMasterKey()
	held := keys{refresh: master.secret}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		for _, value := range []any{master, &master, held, &held} {
			if got := fmt.Sprintf(verb, value); !strings.HasSuffix(got, "{redacted}") {
				t.Errorf("%s of %T shows %s", verb, value, got)
			}
		}
	}
}
