package authsvc

import (
	"fmt"

	"golang.org/x/text/secure/precis"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// ErrUsername: a text can't be a user's name.
var ErrUsername = fault.New(grpcauthv1.Reason_REASON_INVALID_REQUEST, "authsvc: a user name is 1 to 256 bytes of letters, digits and ASCII signs, without spaces")

// NormalizeUsername is the one spelling of a user's name: the UsernameCaseMapped
// profile of PRECIS (RFC 8265 §3.3). Upper case becomes lower, full-width
// letters become plain ones, a letter and its accent become one (NFC). Spaces,
// control and invisible characters and most symbols are refused, and so is text
// that mixes directions beyond the Bidi Rule (RFC 5893 §2).
//
// Names go into the Store in this form, because stores compare bytes. Letters of
// different scripts that look alike stay different.
//
// ErrUsername says that there is no such form.
func NormalizeUsername(name string) (string, error) {
	normal, err := precis.UsernameCaseMapped.String(name)
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrUsername, err)
	case normal == "" || len(normal) > maxUsername:
		return "", fmt.Errorf("%w: not %d bytes", ErrUsername, len(normal))
	}
	return normal, nil
}
