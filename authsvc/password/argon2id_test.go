package password

import (
	"errors"
	"strings"
	"testing"
)

const (
	goodSalt = "c2FsdHNhbHRzYWx0c2FsdA"                      // 16 bytes
	goodTag  = "dGFndGFndGFndGFndGFndGFndGFndGFndGFndGFndGE" // 32 bytes
	goodHash = "$argon2id$v=19$m=19456,t=2,p=1$" + goodSalt + "$" + goodTag
)

func TestParse(t *testing.T) {
	t.Parallel()
	read, err := parse(goodHash)
	if err != nil {
		t.Fatal(err)
	}
	s := read.(argon2id)
	if s.Params != Default() || string(s.salt) != "saltsaltsaltsalt" || len(s.tag) != 32 {
		t.Errorf("parsed %+v, salt %q, %d bytes", s.Params, s.salt, len(s.tag))
	}
	if s.encode() != goodHash {
		t.Errorf("encoded %s, want %s", s.encode(), goodHash)
	}
}

// checklist: P3
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	with := func(was, is string) string { return strings.Replace(goodHash, was, is, 1) }
	for name, encoded := range map[string]string{
		"nothing":                "",
		"a plain password":       "correct horse",
		"scrypt":                 "$scrypt$ln=16,r=8,p=1$" + goodSalt + "$" + goodTag,
		"argon2i":                with("argon2id", "argon2i"),
		"upper case":             with("argon2id", "ARGON2ID"),
		"an old version":         with("v=19", "v=16"),
		"no version":             with("$v=19", ""),
		"leading space":          " " + goodHash,
		"trailing line":          goodHash + "\n",
		"trailing dollar":        goodHash + "$",
		"no salt and hash":       "$argon2id$v=19$m=19456,t=2,p=1",
		"no hash":                "$argon2id$v=19$m=19456,t=2,p=1$" + goodSalt,
		"parameters missing":     with(",p=1", ""),
		"parameters swapped":     with("m=19456,t=2", "t=2,m=19456"),
		"parameters more":        with("p=1", "p=1,keyid=a"),
		"a sign":                 with("t=2", "t=+2"),
		"a leading zero":         with("t=2", "t=02"),
		"a fraction":             with("t=2", "t=2.0"),
		"no number":              with("t=2", "t="),
		"negative":               with("t=2", "t=-2"),
		"no passes":              with("t=2", "t=0"),
		"no lanes":               with("p=1", "p=0"),
		"no memory":              with("m=19456", "m=0"),
		"memory for half a lane": with("m=19456,t=2,p=1", "m=15,t=2,p=2"),
		"too many passes":        with("t=2", "t=17"),
		"too many lanes":         with("p=1", "p=17"),
		"lanes beyond a byte":    with("p=1", "p=257"),
		"too much memory":        with("m=19456", "m=1048577"),
		"memory beyond 32 bits":  with("m=19456", "m=4294967296"),
		"padded salt":            with(goodSalt, goodSalt+"=="),
		"url alphabet":           with(goodSalt, "c2FsdHNhbHRzYWx0c2Fs-_"),
		"loose trailing bits":    with(goodSalt, "c2FsdHNhbHRzYWx0c2FsdB"),
		"a line break in it":     with(goodSalt, "c2FsdHNhbHRz\nYWx0c2FsdA"),
		"short salt":             with(goodSalt, "c2FsdHNhbA"),
		"short hash":             with(goodTag, goodSalt[:20]),
		"long hash":              with(goodTag, strings.Repeat("AAAA", 22)),
		"too much in all":        with("m=19456,t=2", "m=1048576,t=5"),
		"endless":                with(goodSalt, strings.Repeat("AAAA", 1<<16)),
	} {
		_, err := parse(encoded)
		if !errors.Is(err, ErrEncoding) {
			t.Errorf("%s: error %v, want %v", name, err, ErrEncoding)
			continue
		}
		if strings.Contains(err.Error(), "correct") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q repeats the input", name, err)
		}
	}
}

func TestVerifyRefusesABrokenHash(t *testing.T) {
	t.Parallel()
	ok, rehash, err := newCheap(t, cheap(), 1).Verify(t.Context(), "correct horse", "correct horse")
	if ok || rehash || !errors.Is(err, ErrEncoding) {
		t.Errorf("ok %v, rehash %v, error %v; want %v", ok, rehash, err, ErrEncoding)
	}
}
