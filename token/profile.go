package token

import "fmt"

// checkProfile checks what RFC 9068 §2.2 demands of an access token beyond
// what every token must have. Tokens of your own kinds need no more. The
// error is [ErrClaims].
func checkProfile(c *Claims) error {
	if c.Kind() != Access {
		return nil
	}
	switch {
	case c.ClientID() == "":
		return missing("client_id")
	case c.ID() == "":
		return missing("jti")
	case c.IssuedAt().IsZero():
		return missing("iat")
	}
	return nil
}

func missing(claim string) error {
	return fmt.Errorf("%w: %s is missing or empty", ErrClaims, claim)
}
