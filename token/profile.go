package token

import "fmt"

// checkProfile checks what RFC 9068 §2.2 demands of an access token beyond
// what every token must have. Tokens of your own kinds need no more. The
// error is [ErrClaims].
func checkProfile(c *Claims) error {
	if c.Kind() != Access {
		return nil
	}
	missing := ""
	switch {
	case c.clientID == "":
		missing = "client_id"
	case c.id == "":
		missing = "jti"
	case c.issuedAt.IsZero():
		missing = "iat"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s is missing in an access token", ErrClaims, missing)
}
