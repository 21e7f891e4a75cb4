package password

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Lengths in bytes. New hashes have the recommended ones (RFC 9106 §4);
// shorter and longer ones can be read within reason.
const (
	saltLen, minSaltLen, maxSaltLen = 16, 8, 64
	tagLen, minTagLen, maxTagLen    = 32, 16, 64
)

// prefix names the function and its version: 19 is argon2 1.3, the one of
// RFC 9106.
const prefix = "$argon2id$v=19$"

// argon2id is such a hash in parts.
type argon2id struct {
	Params
	salt, tag []byte
}

// newArgon2id has a new salt and a tag that no password has.
func newArgon2id(p Params) argon2id {
	s := argon2id{Params: p, salt: make([]byte, saltLen), tag: make([]byte, tagLen)}
	// crypto/rand never fails: it ends the program instead.
	_, _ = rand.Read(s.salt)
	_, _ = rand.Read(s.tag)
	return s
}

func (s argon2id) derive(password string) []byte {
	return argon2.IDKey([]byte(password), s.salt, s.Time, s.MemoryKiB, s.Parallelism, uint32(len(s.tag)))
}

func (s argon2id) match(password string) bool {
	return subtle.ConstantTimeCompare(s.derive(password), s.tag) == 1
}

func (s argon2id) cost() cost {
	return cost{function: "argon2id", work: s.work(), memory: int64(s.MemoryKiB)}
}

// encode writes the PHC string form, the only spelling that parse takes.
func (s argon2id) encode() string {
	return fmt.Sprintf("%sm=%d,t=%d,p=%d$%s$%s", prefix, s.MemoryKiB, s.Time, s.Parallelism,
		b64().EncodeToString(s.salt), b64().EncodeToString(s.tag))
}

// parseArgon2id reads the PHC string form strictly: one spelling for each hash.
func parseArgon2id(encoded string) (stored, error) {
	rest, ok := strings.CutPrefix(encoded, prefix)
	if !ok {
		return nil, fmt.Errorf("an argon2id hash must start with %s", prefix)
	}
	parts := strings.Split(rest, "$")
	if len(parts) != 3 {
		return nil, errors.New("an argon2id hash must have parameters, salt and hash")
	}
	params, err := parseParams(parts[0])
	if err != nil {
		return nil, err
	}
	s := argon2id{Params: params}
	if s.salt, err = parseBytes("salt", b64(), parts[1], minSaltLen, maxSaltLen); err != nil {
		return nil, err
	}
	s.tag, err = parseBytes("hash", b64(), parts[2], minTagLen, maxTagLen)
	return s, err
}

// parseParams reads m=,t=,p= in that order.
func parseParams(text string) (Params, error) {
	values := strings.Split(text, ",")
	if len(values) != 3 {
		return Params{}, errors.New("the parameters must be m, t and p")
	}
	m, errM := parseParam("m=", values[0], 32)
	t, errT := parseParam("t=", values[1], 32)
	p, errP := parseParam("p=", values[2], 8)
	if err := cmp.Or(errM, errT, errP); err != nil {
		return Params{}, err
	}
	params := Params{MemoryKiB: uint32(m), Time: uint32(t), Parallelism: uint8(p)}
	return params, params.check()
}

func parseParam(name, text string, bits int) (uint64, error) {
	digits, ok := strings.CutPrefix(text, name)
	if !ok {
		return 0, errors.New("the parameters must be m, t and p in that order")
	}
	return parseNumber(digits, bits)
}

func parseBytes(what string, in *base64.Encoding, text string, least, most int) ([]byte, error) {
	// The decoder skips line breaks even when strict.
	if strings.ContainsAny(text, "\r\n") {
		return nil, fmt.Errorf("the %s holds a line break", what)
	}
	b, err := in.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("the %s is not the base64 of its form", what)
	}
	if len(b) < least || len(b) > most {
		return nil, fmt.Errorf("the %s must be %d to %d bytes", what, least, most)
	}
	return b, nil
}

// b64 is the PHC string form's base64: the standard alphabet, no padding.
func b64() *base64.Encoding { return base64.RawStdEncoding.Strict() }
