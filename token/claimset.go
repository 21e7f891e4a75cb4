package token

import (
	"fmt"
	"time"
)

// newClaims makes claims of what p has parsed. The error is [ErrClaims].
func newClaims(p *parser, header Header, raw string) (*Claims, error) {
	c := &Claims{tape: p.tape(), header: header, raw: raw}
	for name, value := range c.tape.members(0) {
		if claim := c.tape.textOf(name); !c.set(claim, value) {
			return nil, fmt.Errorf("%w: %s has the wrong form", ErrClaims, claim)
		}
	}
	switch {
	case c.subject == "":
		return nil, missing("sub")
	case c.expiresAt.IsZero():
		return nil, missing("exp")
	}
	return c, nil
}

// set keeps a claim that has a meaning here, and reports whether it has the
// form that its meaning needs. Names are case-sensitive: SUB is a claim like
// any other.
func (c *Claims) set(name string, at int) bool {
	switch name {
	case "iss":
		return c.tape.keepText(at, &c.issuer)
	case "sub":
		return c.tape.keepText(at, &c.subject)
	case "client_id":
		return c.tape.keepText(at, &c.clientID)
	case "jti":
		return c.tape.keepText(at, &c.id)
	case "sid":
		return c.tape.keepText(at, &c.sessionID)
	case "acr":
		return c.tape.keepText(at, &c.acr)
	case "exp":
		return c.tape.keepDate(at, &c.expiresAt)
	case "iat":
		return c.tape.keepDate(at, &c.issuedAt)
	case "nbf":
		return c.tape.keepDate(at, &c.notBefore)
	case "auth_time":
		return c.tape.keepDate(at, &c.authTime)
	case "aud":
		return c.tape.keepTexts(at, &c.audience)
	case "scope":
		return c.tape.keepTexts(at, &c.scopes)
	case "roles":
		return c.tape.keepTexts(at, &c.roles)
	case "amr":
		return c.tape.keepTexts(at, &c.amr)
	case "cnf":
		c.bound = true
	}
	return true
}

func (t *tape) keepText(at int, to *string) bool {
	*to = t.textOf(at)
	return t.kindOf(at) == '"'
}

func (t *tape) keepDate(at int, to *time.Time) (ok bool) {
	*to, ok = t.numericDate(at)
	return ok
}

// keepTexts keeps a string or a list of strings. Another form is refused
// rather than read as "none", so that a role that is denied can't hide in it.
func (t *tape) keepTexts(at int, to *int) bool {
	*to = at
	for element := range t.elements(at) {
		if t.kindOf(element) != '"' {
			return false
		}
	}
	return t.kindOf(at) == '"' || t.kindOf(at) == '['
}
