package token

import (
	"fmt"
	"time"
)

// newClaims makes claims of what from has parsed. The error is [ErrClaims].
func newClaims(from *parser, header Header, raw string) (*Claims, error) {
	// Claims and what is sealed in them are made in one piece.
	made := &struct {
		claims Claims
		to     *proven
		proven proven
	}{proven: proven{tape: from.tape(), header: header, raw: raw}}
	made.to = &made.proven
	made.claims.sealed.to = &made.to
	p := made.to
	for name, value := range p.tape.members(0) {
		if claim := p.tape.textOf(name); !p.set(claim, value) {
			return nil, fmt.Errorf("%w: %s has the wrong form", ErrClaims, claim)
		}
	}
	switch {
	case p.subject == "":
		return nil, missing("sub")
	case p.expiresAt.IsZero():
		return nil, missing("exp")
	}
	return &made.claims, nil
}

// set keeps a claim that has a meaning here, and reports whether it has the
// form that its meaning needs. Names are case-sensitive: SUB is a claim like
// any other.
func (p *proven) set(name string, at int) bool {
	switch name {
	case "iss":
		return p.tape.keepText(at, &p.issuer)
	case "sub":
		return p.tape.keepText(at, &p.subject)
	case "client_id":
		return p.tape.keepText(at, &p.clientID)
	case "jti":
		return p.tape.keepText(at, &p.id)
	case "sid":
		return p.tape.keepText(at, &p.sessionID)
	case "acr":
		return p.tape.keepText(at, &p.acr)
	case "exp":
		return p.tape.keepDate(at, &p.expiresAt)
	case "iat":
		return p.tape.keepDate(at, &p.issuedAt)
	case "nbf":
		return p.tape.keepDate(at, &p.notBefore)
	case "auth_time":
		return p.tape.keepDate(at, &p.authTime)
	case "aud":
		return p.tape.keepTexts(at, &p.audience)
	case "scope":
		return p.tape.keepTexts(at, &p.scopes)
	case "roles":
		return p.tape.keepTexts(at, &p.roles)
	case "amr":
		return p.tape.keepTexts(at, &p.amr)
	case "cnf":
		p.bound = true
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
