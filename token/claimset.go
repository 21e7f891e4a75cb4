package token

import (
	"fmt"
	"time"
)

// newClaims makes claims of what from has parsed, as the profile reads them.
// The error is [ErrClaims].
func newClaims(from *parser, profile *profile, header Header, raw string) (*Claims, error) {
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
		if claim := p.tape.textOf(name); !p.set(claim, value, profile.mapped) {
			return nil, wrongForm(claim)
		}
	}
	if profile.mapped {
		if path, ok := p.locate(profile); !ok {
			return nil, wrongForm(path)
		}
	}
	switch {
	case p.subject == "":
		return nil, missing(profile.Subject)
	case p.expiresAt.IsZero():
		return nil, missing("exp")
	}
	p.kind = profile.kind(&made.claims)
	return &made.claims, nil
}

func wrongForm(claim string) error { return fmt.Errorf("%w: %s has the wrong form", ErrClaims, claim) }

// set keeps a claim that has a meaning here, and reports whether it has the
// form that its meaning needs. Names are case-sensitive: SUB is a claim like
// any other. What a profile may have elsewhere is left out when mapped.
func (p *proven) set(name string, at int, mapped bool) bool {
	switch name {
	case "iss":
		return p.tape.keepText(at, &p.issuer)
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
	case "amr":
		return p.tape.keepTexts(at, &p.amr)
	case "cnf":
		p.bound = true
	}
	return mapped || p.setStandard(name, at)
}

// setStandard keeps a claim that is where RFC 9068 has it.
func (p *proven) setStandard(name string, at int) bool {
	switch name {
	case "sub":
		return p.tape.keepText(at, &p.subject)
	case "client_id":
		return p.tape.keepText(at, &p.clientID)
	case "aud":
		return p.tape.keepTexts(at, &p.audience)
	case "scope":
		return p.tape.keepTexts(at, &p.scopes)
	case "roles":
		return p.tape.keepTexts(at, &p.roles[0])
	}
	return true
}

// locate keeps the claims that a profile has elsewhere. It returns the path of
// the first that has not the form that its meaning needs.
func (p *proven) locate(profile *profile) (path string, ok bool) {
	t := &p.tape
	if at, found := t.find(profile.Subject); found && !t.keepText(at, &p.subject) {
		return profile.Subject, false
	}
	if at, path := t.first(profile.ClientID); at != 0 && !t.keepText(at, &p.clientID) {
		return path, false
	}
	if at, path := t.first(profile.Audience); at != 0 && !t.keepTexts(at, &p.audience) {
		return path, false
	}
	if at, path := t.first(profile.Scopes); at != 0 && !t.keepTexts(at, &p.scopes) {
		return path, false
	}
	for i, path := range profile.Roles {
		if at, found := t.find(path); found && !t.keepTexts(at, &p.roles[i]) {
			return path, false
		}
	}
	return "", true
}

// first is the value at the first path that has one, or 0.
func (t *tape) first(paths []string) (at int, path string) {
	for _, path := range paths {
		if at, ok := t.find(path); ok {
			return at, path
		}
	}
	return 0, ""
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
