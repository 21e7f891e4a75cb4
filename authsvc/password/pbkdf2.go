package password

import (
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // what others stored; it is replaced at the next login
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strings"
)

const (
	// maxIterations takes some two seconds. Django asks for a million or so.
	maxIterations = 4_000_000
	// Lengths of the salt, in bytes.
	minForeignSalt, maxForeignSalt = 1, 64
)

// pbkdf2ed is a hash that another program made (RFC 8018 §5.2, with HMAC).
type pbkdf2ed struct {
	digest     string // sha1, sha256 or sha512
	iterations int
	salt, tag  []byte
}

// parsePasslib reads the modular crypt form of Python's passlib:
// $pbkdf2-sha256$29000$salt$hash, with $pbkdf2$ for SHA-1.
func parsePasslib(encoded string) (stored, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 5 {
		return nil, errors.New("a PBKDF2 hash must have function, iterations, salt and hash")
	}
	digest, ok := strings.CutPrefix(parts[1], "pbkdf2-")
	if !ok {
		digest = "sha1"
	}
	if !ok && parts[1] != "pbkdf2" || ok && digest == "sha1" {
		return nil, errors.New("the function of the PBKDF2 hash is unknown")
	}
	salt, err := parseBytes("salt", ab64(), parts[3], minForeignSalt, maxForeignSalt)
	if err != nil {
		return nil, err
	}
	return newPBKDF2(digest, parts[2], salt, ab64(), parts[4])
}

// parseDjango reads the form of Django: pbkdf2_sha256$1000000$salt$hash. The
// salt is text.
func parseDjango(encoded string) (stored, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 4 {
		return nil, errors.New("a PBKDF2 hash must have function, iterations, salt and hash")
	}
	salt := []byte(parts[2])
	if len(salt) < minForeignSalt || len(salt) > maxForeignSalt {
		return nil, fmt.Errorf("the salt must be %d to %d bytes", minForeignSalt, maxForeignSalt)
	}
	return newPBKDF2(strings.TrimPrefix(parts[0], "pbkdf2_"), parts[1], salt, base64.StdEncoding.Strict(), parts[3])
}

func newPBKDF2(digest, iterations string, salt []byte, in *base64.Encoding, tag string) (stored, error) {
	s := pbkdf2ed{digest: digest, salt: salt}
	if s.hash() == nil {
		return nil, errors.New("the function of the PBKDF2 hash is unknown")
	}
	n, err := parseNumber(iterations, 32)
	if err != nil || n < 1 || n > maxIterations {
		return nil, fmt.Errorf("the iterations of a PBKDF2 hash must be 1 to %d", maxIterations)
	}
	s.iterations = int(n)
	size := s.hash()().Size()
	s.tag, err = parseBytes("hash", in, tag, size, size)
	return s, err
}

// hash is nil where the digest is unknown.
func (s pbkdf2ed) hash() func() hash.Hash {
	switch s.digest {
	case "sha1":
		return sha1.New
	case "sha256":
		return sha256.New
	case "sha512":
		return sha512.New
	default:
		return nil
	}
}

// match is false for a password with a NUL: HMAC fills a short key up with
// NULs, and could not tell it from one without.
func (s pbkdf2ed) match(password string) bool {
	// The error is for a process that may use FIPS 140 algorithms only.
	tag, err := pbkdf2.Key(s.hash(), password, s.salt, s.iterations, len(s.tag))
	return err == nil && subtle.ConstantTimeCompare(tag, s.tag) == 1 && !strings.Contains(password, "\x00")
}

func (s pbkdf2ed) cost() cost {
	return cost{function: function("pbkdf2-" + s.digest), work: uint64(s.iterations)}
}

// ab64 is passlib's base64: a dot for the plus, no padding.
func ab64() *base64.Encoding {
	return base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./").
		WithPadding(base64.NoPadding).Strict()
}
