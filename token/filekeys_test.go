package token_test

import (
	"crypto/x509"
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

// keyFile is a file of keys, and who is told of its faults.
type keyFile struct {
	path   string
	faults []string
}

func newKeyFile(t *testing.T, text string) *keyFile {
	t.Helper()
	f := &keyFile{path: filepath.Join(t.TempDir(), "keys")}
	f.write(t, text)
	return f
}

// write puts another file in the place of the old one.
func (f *keyFile) write(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(f.path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(f.path+".new", f.path); err != nil {
		t.Fatal(err)
	}
}

func (f *keyFile) keys(algs ...token.Algorithm) (*token.FileKeys, error) {
	return token.NewFileKeys(token.FileKeysConfig{
		Path: f.path, Algorithms: algs, OnError: func(err error) { f.faults = append(f.faults, err.Error()) },
	})
}

func has(t *testing.T, keys token.KeySet, h hand) bool {
	t.Helper()
	k, err := keys.Key(t.Context(), h.key.ID(), "")
	if err != nil && !errors.Is(err, token.ErrUnknownKey) {
		t.Fatal(err)
	}
	return err == nil && k.ID() == h.key.ID()
}

func pemOf(h hand) string {
	return block("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(publicHalf(h))))
}

func jwksOf(h ...hand) string {
	var keys []*token.Key
	for _, h := range h {
		keys = append(keys, h.key.Public())
	}
	return string(must(token.MarshalJWKS(keys...)))
}

func TestFilesOfKeys(t *testing.T) {
	t.Parallel()
	ed, ec, rs := hands()[0], hands()[1], hands()[2]
	for name, tc := range map[string]struct {
		text string
		algs []token.Algorithm
		keys []hand
		want string // of the error; "" for none
	}{
		"a JWK Set":                   {jwksOf(ed, ec), nil, []hand{ed, ec}, ""},
		"a JWK Set after white space": {"\n " + jwksOf(ed), nil, []hand{ed}, ""},
		"an empty JWK Set":            {`{"keys":[]}`, nil, nil, ""},
		"one PEM key":                 {pemOf(ed), nil, []hand{ed}, ""},
		"several PEM keys":            {"# ours\n" + pemOf(ed) + "\n# theirs\n" + pemOf(rs), nil, []hand{ed, rs}, ""},
		"keys for other algorithms are left out of a JWK Set": {jwksOf(ed, rs), []token.Algorithm{token.EdDSA}, []hand{ed}, ""},
		"a JWK Set with nothing for us":                       {jwksOf(rs), []token.Algorithm{token.PS256}, nil, "no key"},
		"a PEM key for no algorithm of ours":                  {pemOf(ed), []token.Algorithm{token.PS256}, nil, "want *rsa.PublicKey"},
		"a PEM key twice":                                     {pemOf(ed) + pemOf(ed), nil, nil, "twice"},
		"a private key":                                       {string(must(ed.key.MarshalPKCS8())), nil, nil, "private key where a public one belongs"},
		"a PEM key cut off":                                   {pemOf(ec)[:100], nil, nil, "whole blocks"},
		"a PEM key cut off at the end":                        {pemOf(ed) + pemOf(ec)[:100], nil, nil, "whole blocks"},
		"a JWK Set cut off":                                   {jwksOf(ed)[:50], nil, nil, "JSON"},
		"empty":                                               {"", nil, nil, "neither"},
		"a hundred and one":                                   {strings.Repeat("-----BEGIN \n", 101), nil, nil, "limit is 100"},
		"over a megabyte":                                     {pemOf(ed) + strings.Repeat("\n", 1<<20), nil, nil, "over 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys, err := newKeyFile(t, tc.text).keys(tc.algs...)
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) || keys != nil {
					t.Errorf("error = %v, want one with %q", err, tc.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range []hand{ed, ec, rs} {
				want := false
				for _, k := range tc.keys {
					want = want || k.key == h.key
				}
				if has(t, keys, h) != want {
					t.Errorf("%s is there: %t", h, !want)
				}
			}
		})
	}
}

func TestFilesThatAreNone(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"": "set Path", t.TempDir(): "not a regular file", filepath.Join(t.TempDir(), "none"): "no such file"} {
		if keys, err := token.NewFileKeys(token.FileKeysConfig{Path: path}); err == nil || !strings.Contains(err.Error(), want) || keys != nil {
			t.Errorf("%q: error = %v", path, err)
		}
	}
}

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

func TestTokensUnderAFileOfKeys(t *testing.T) {
	t.Parallel()
	h := hands()[2]
	keys := must(newKeyFile(t, pemOf(h)).keys(token.RS256))
	if _, err := verify(verifierOf(keys), h.token(payload(nil))); err != nil {
		t.Error(err)
	}
	_, err := verify(verifierOf(keys), hands()[1].token(payload(nil)))
	wantErr(t, err, token.ErrUnknownKey)
}
