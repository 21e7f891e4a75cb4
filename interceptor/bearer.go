package interceptor

import (
	"strings"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// Why no token could be read from the metadata.
var (
	errMissing   = fault.New(grpcauthv1.Reason_REASON_TOKEN_MISSING, "interceptor: no bearer token in the authorization metadata")
	errMultiple  = fault.New(grpcauthv1.Reason_REASON_TOKEN_MULTIPLE, "interceptor: more than one authorization value")
	errMalformed = fault.New(grpcauthv1.Reason_REASON_TOKEN_MALFORMED, "interceptor: the authorization value is not a bearer token")
)

// maxAuthorization bounds what is looked at: the longest token that a
// Verifier accepts (8 KiB), its scheme, and some air.
const maxAuthorization = 8<<10 + 64

// bearer reads the token from the values of the authorization metadata
// (RFC 6750 §2.1): exactly one value, the scheme in any case (RFC 9110
// §11.1), and a token behind it, whose grammar isB64Token tells. Another
// scheme counts as no token.
func bearer(values []string) (string, error) {
	switch len(values) {
	case 0:
		return "", errMissing
	case 1:
	default:
		return "", errMultiple
	}
	if len(values[0]) > maxAuthorization {
		return "", errMalformed
	}
	scheme, rest, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", errMissing
	}
	raw := strings.TrimLeft(rest, " ")
	if raw == "" {
		return "", errMalformed
	}
	return raw, nil
}

// isB64Token is the b64token grammar of RFC 6750 §2.1: at least one character
// of the alphabet, then any number of "=". A token that is known was looked at
// when it was proven, and this would be half of what its call costs.
func isB64Token(s string) bool {
	body := strings.TrimRight(s, "=")
	if body == "" {
		return false
	}
	for i := range len(body) {
		if !b64Alphabet(body[i]) {
			return false
		}
	}
	return true
}

func b64Alphabet(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '-' || c == '.' || c == '_' || c == '~' || c == '+' || c == '/'
}
