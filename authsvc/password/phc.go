package password

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// ErrEncoding: a stored hash is not an argon2id hash in PHC string form, or
// its parameters are beyond what we compute. The record must be mended; the
// user can't log in until then.
var ErrEncoding = fault.New(grpcauthv1.Reason_REASON_INTERNAL, "password: not a usable argon2id hash")

// Lengths in bytes. New hashes have the recommended ones (RFC 9106 §4);
// shorter and longer ones can be read within reason.
const (
	saltLen, minSaltLen, maxSaltLen = 16, 8, 64
	tagLen, minTagLen, maxTagLen    = 32, 16, 64
	maxEncodedLen                   = 256
)

// prefix names the function and its version: 19 is argon2 1.3, the one of
// RFC 9106.
const prefix = "$argon2id$v=19$"

// salted is an encoded hash in parts.
type salted struct {
	Params
	salt, tag []byte
}

// newSalted has a new salt and a tag that no password has.
func newSalted(p Params) salted {
	s := salted{Params: p, salt: make([]byte, saltLen), tag: make([]byte, tagLen)}
	// crypto/rand never fails: it ends the program instead.
	_, _ = rand.Read(s.salt)
	_, _ = rand.Read(s.tag)
	return s
}

// encode writes the PHC string form, the only spelling that parse takes.
func (s salted) encode() string {
	return fmt.Sprintf("%sm=%d,t=%d,p=%d$%s$%s", prefix, s.MemoryKiB, s.Time, s.Parallelism,
		b64().EncodeToString(s.salt), b64().EncodeToString(s.tag))
}

// parse reads the PHC string form strictly: one spelling for each hash. The
// error never repeats the input.
func parse(encoded string) (salted, error) {
	if len(encoded) > maxEncodedLen {
		return salted{}, fmt.Errorf("%w: longer than %d bytes", ErrEncoding, maxEncodedLen)
	}
	rest, ok := strings.CutPrefix(encoded, prefix)
	if !ok {
		return salted{}, fmt.Errorf("%w: it must start with %s", ErrEncoding, prefix)
	}
	parts := strings.Split(rest, "$")
	if len(parts) != 3 {
		return salted{}, fmt.Errorf("%w: it must have parameters, salt and hash", ErrEncoding)
	}
	params, err := parseParams(parts[0])
	if err != nil {
		return salted{}, fmt.Errorf("%w: %w", ErrEncoding, err)
	}
	s := salted{Params: params}
	if s.salt, err = parseBytes("salt", parts[1], minSaltLen, maxSaltLen); err != nil {
		return salted{}, err
	}
	if s.tag, err = parseBytes("hash", parts[2], minTagLen, maxTagLen); err != nil {
		return salted{}, err
	}
	return s, nil
}

// parseParams reads m=,t=,p= in that order.
func parseParams(text string) (Params, error) {
	values := strings.Split(text, ",")
	if len(values) != 3 {
		return Params{}, errors.New("the parameters must be m, t and p")
	}
	m, errM := parseNumber("m=", values[0], 32)
	t, errT := parseNumber("t=", values[1], 32)
	p, errP := parseNumber("p=", values[2], 8)
	for _, err := range []error{errM, errT, errP} {
		if err != nil {
			return Params{}, err
		}
	}
	params := Params{MemoryKiB: uint32(m), Time: uint32(t), Parallelism: uint8(p)}
	return params, params.check()
}

// parseNumber takes a decimal number in its shortest form: no sign, no
// leading zero.
func parseNumber(name, text string, bits int) (uint64, error) {
	digits, ok := strings.CutPrefix(text, name)
	n, err := strconv.ParseUint(digits, 10, bits)
	if !ok || err != nil || strconv.FormatUint(n, 10) != digits {
		return 0, errors.New("the parameters must be whole numbers, m, t and p in that order")
	}
	return n, nil
}

func parseBytes(what, text string, least, most int) ([]byte, error) {
	// The decoder skips line breaks even when strict.
	if strings.ContainsAny(text, "\r\n") {
		return nil, fmt.Errorf("%w: the %s holds a line break", ErrEncoding, what)
	}
	b, err := b64().DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: the %s is not unpadded base64", ErrEncoding, what)
	}
	if len(b) < least || len(b) > most {
		return nil, fmt.Errorf("%w: the %s must be %d to %d bytes", ErrEncoding, what, least, most)
	}
	return b, nil
}

// b64 is the PHC string form's base64: the standard alphabet, no padding.
func b64() *base64.Encoding { return base64.RawStdEncoding.Strict() }
