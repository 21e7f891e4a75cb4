package password

import (
	_ "embed"
	"strings"
	"unicode/utf8"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// What a new password must be.
const (
	// MinChars is the least number of characters (Unicode code points).
	MinChars = 8
	// MaxBytes is the most that is read. Longer passwords are refused, never
	// cut.
	MaxBytes = 1024
)

// Why [Check] refuses a password. Their texts may be shown to the user.
var (
	// ErrTooShort: fewer than MinChars characters.
	ErrTooShort = fault.New(grpcauthv1.Reason_REASON_INVALID_REQUEST, "password: use at least 8 characters")
	// ErrTooLong: more than MaxBytes bytes.
	ErrTooLong = fault.New(grpcauthv1.Reason_REASON_INVALID_REQUEST, "password: use at most 1024 bytes")
	// ErrNotText: the bytes are not UTF-8, or there is a NUL among them, where
	// other programs would take the password for a shorter one.
	ErrNotText = fault.New(grpcauthv1.Reason_REASON_INVALID_REQUEST, "password: must be valid UTF-8 without NUL")
	// ErrCommon: attackers try it first.
	ErrCommon = fault.New(grpcauthv1.Reason_REASON_INVALID_REQUEST, "password: is one of the most used passwords, choose another")
)

// common is one password a line, in lower case, a line break before each and
// after the last.
//
//go:embed common.txt
var common string

// Check says whether a new password is acceptable: long enough, not too long,
// and not one of the most used, in any case. It asks for no mix of letters,
// digits and signs. nil, ErrTooShort, ErrTooLong, ErrNotText or ErrCommon.
func Check(password string) error {
	switch {
	case len(password) > MaxBytes:
		return ErrTooLong
	case !utf8.ValidString(password) || strings.Contains(password, "\x00"):
		return ErrNotText
	case utf8.RuneCountInString(password) < MinChars:
		return ErrTooShort
	case isCommon(password):
		return ErrCommon
	}
	return nil
}

// isCommon looks for a whole line. A password that holds a line break can't
// be one, but could look like two.
func isCommon(password string) bool {
	line := strings.ToLower(password)
	return !strings.Contains(line, "\n") && strings.Contains(common, "\n"+line+"\n")
}
