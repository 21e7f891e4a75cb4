package password

import (
	"errors"
	"strings"
	"testing"
)

// FuzzParse: what is taken stays within the caps, and an argon2id hash has one
// spelling.
//
// checklist: P3
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		goodHash, "", "$", "$argon2id$v=19$", "$argon2id$v=19$m=8,t=1,p=1$$",
		"$argon2id$v=19$m=1048576,t=4,p=16$" + goodSalt + "$" + goodTag,
		"$argon2id$v=19$m=1048576,t=16,p=16$" + goodSalt + "$" + goodTag,
		"$argon2id$v=19$m=19456,t=2,p=1,$" + goodSalt + "$" + goodTag,
		"$argon2i$v=19$m=19456,t=2,p=1$" + goodSalt + "$" + goodTag,
		"$argon2id$v=19$m=19456,t=2,p=1$" + goodSalt + "=$" + goodTag + "=",
	} {
		f.Add(seed)
	}
	for _, v := range foreignHashes {
		f.Add(v.encoded)
	}
	for _, encoded := range brokenForeignHashes() {
		f.Add(encoded)
	}
	f.Fuzz(func(t *testing.T, encoded string) {
		read, err := parse(encoded)
		if err != nil {
			if !errors.Is(err, ErrEncoding) {
				t.Errorf("error %v, want %v", err, ErrEncoding)
			}
			return
		}
		switch s := read.(type) {
		case argon2id:
			if s.encode() != encoded {
				t.Errorf("%q was read as %q", encoded, s.encode())
			}
			if s.check() != nil || len(s.salt) < minSaltLen || len(s.tag) < minTagLen {
				t.Errorf("%q is beyond the caps", encoded)
			}
		case bcrypted:
			if s.encoded != encoded || s.rounds < 1<<minBcryptCost || s.rounds > 1<<maxBcryptCost {
				t.Errorf("%q was read as %+v", encoded, s)
			}
		case pbkdf2ed:
			if s.iterations < 1 || s.iterations > maxIterations || len(s.tag) != s.hash()().Size() || len(s.salt) == 0 {
				t.Errorf("%q was read as %+v", encoded, s)
			}
			if strings.HasPrefix(encoded, "$") != (strings.Count(encoded, "$") == 4) {
				t.Errorf("%q is of neither form", encoded)
			}
		default:
			t.Errorf("%q was read as %T", encoded, read)
		}
	})
}
