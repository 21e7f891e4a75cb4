package token_test

import (
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
