package password

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// ErrEncoding: a stored hash is in no form that we read, or its cost is beyond
// what we compute. The record must be mended; the user can't log in until then.
var ErrEncoding = fault.New(grpcauthv1.Reason_REASON_INTERNAL, "password: not a usable hash")

// maxEncodedLen is more than the longest form needs, in bytes.
const maxEncodedLen = 256

// stored is a hash as it was read. It is immutable.
type stored interface {
	// match computes the hash of a password and says whether it is this one.
	match(password string) bool
	// cost is what match costs.
	cost() cost
}

// function is what a hash is made with.
type function string

// cost is comparable within one function only.
type cost struct {
	function function
	work     uint64
	memory   int64 // KiB
}

// parse reads every form we take, each strictly. The error is ErrEncoding and
// never repeats the input.
func parse(encoded string) (stored, error) {
	if len(encoded) > maxEncodedLen {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrEncoding, maxEncodedLen)
	}
	s, err := readerOf(encoded)(encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEncoding, err)
	}
	return s, nil
}

func readerOf(encoded string) func(string) (stored, error) {
	starts := func(prefix string) bool { return strings.HasPrefix(encoded, prefix) }
	switch {
	case starts("$argon2id$"):
		return parseArgon2id
	case starts("$2a$"), starts("$2b$"), starts("$2y$"):
		return parseBcrypt
	case starts("$pbkdf2"):
		return parsePasslib
	case starts("pbkdf2_"):
		return parseDjango
	default:
		return func(string) (stored, error) { return nil, errors.New("neither argon2id, bcrypt nor PBKDF2") }
	}
}

// parseNumber takes a decimal number in its shortest form: no sign, no
// leading zero.
func parseNumber(digits string, bits int) (uint64, error) {
	n, err := strconv.ParseUint(digits, 10, bits)
	if err != nil || strconv.FormatUint(n, 10) != digits {
		return 0, errors.New("a parameter is not a whole number")
	}
	return n, nil
}
