package password

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// What bcrypt can tell apart: it reads 72 bytes of a password and no more, and
// knows where one ends by a NUL.
const maxBcryptBytes = 72

// The costs we compute. The highest takes some two seconds.
const minBcryptCost, maxBcryptCost = 4, 15

// The form is fixed: $2b$12$, 22 characters of salt, 31 of hash.
const (
	bcryptLen     = 60
	bcryptLetters = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// bcrypted is a hash that another program made. Versions 2a, 2b and 2y differ
// in nothing that we compute; 2x, which was faulty, is not taken.
type bcrypted struct {
	encoded string
	rounds  uint64
}

func parseBcrypt(encoded string) (stored, error) {
	if len(encoded) != bcryptLen || encoded[6] != '$' || strings.Trim(encoded[7:], bcryptLetters) != "" {
		return nil, errors.New("a bcrypt hash must have 60 characters: version, cost, salt and hash")
	}
	exponent, err := parseNumber(strings.TrimPrefix(encoded[4:6], "0"), 8)
	if err != nil || exponent < minBcryptCost || exponent > maxBcryptCost {
		return nil, fmt.Errorf("the cost of a bcrypt hash must be %02d to %d", minBcryptCost, maxBcryptCost)
	}
	return bcrypted{encoded: encoded, rounds: 1 << exponent}, nil
}

// match is false for a password that bcrypt would take for another one. It
// costs as much.
func (s bcrypted) match(password string) bool {
	given := password[:min(len(password), maxBcryptBytes)]
	same := bcrypt.CompareHashAndPassword([]byte(s.encoded), []byte(given)) == nil
	return same && given == password && !strings.Contains(password, "\x00")
}

func (s bcrypted) cost() cost { return cost{function: "bcrypt", work: s.rounds} }
