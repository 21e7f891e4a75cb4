package token

import "strings"

// Audience is `aud`: who the token is for.
func (c *Claims) Audience() []string { p := c.open(); return p.tape.texts(p.audience) }

// HasAudience reports whether the token is for audience. It does not
// allocate.
func (c *Claims) HasAudience(audience string) bool {
	p := c.open()
	return p.tape.hasText(p.audience, audience)
}

// has reports whether the claim at path is text, or a list that holds it,
// wherever the [Profile] has its places.
func (c *Claims) has(path, text string) bool {
	t := &c.open().tape
	at, ok := t.find(path)
	return ok && t.hasText(at, text)
}

// Roles is `roles`, or what the [Profile] has in its place.
func (c *Claims) Roles() []string {
	p := c.open()
	var all []string
	for _, at := range p.roles {
		all = append(all, p.tape.texts(at)...)
	}
	return all
}

// HasRole reports whether the token has the role. It does not allocate.
func (c *Claims) HasRole(role string) bool {
	p := c.open()
	for _, at := range p.roles {
		if at != 0 && p.tape.hasText(at, role) {
			return true
		}
	}
	return false
}

// AMR is `amr`: how the subject was authenticated (RFC 8176).
func (c *Claims) AMR() []string { p := c.open(); return p.tape.texts(p.amr) }

// Scopes is `scope` (RFC 8693 §4.2): one string with spaces, or a list.
func (c *Claims) Scopes() []string {
	p := c.open()
	if scope, ok := p.scopeText(); ok {
		return strings.FieldsFunc(scope, func(r rune) bool { return r == ' ' })
	}
	return p.tape.texts(p.scopes)
}

// HasScope reports whether the token holds the scope. It does not allocate.
func (c *Claims) HasScope(scope string) bool {
	p := c.open()
	rest, ok := p.scopeText()
	if !ok {
		return p.tape.hasText(p.scopes, scope)
	}
	for rest != "" {
		var word string
		if word, rest, _ = strings.Cut(rest, " "); word == scope && word != "" {
			return true
		}
	}
	return false
}

// scopeText is the scopes as one string, if that is how the token has them.
func (p *proven) scopeText() (string, bool) {
	if p.scopes == 0 || p.tape.kindOf(p.scopes) != '"' {
		return "", false
	}
	return p.tape.textOf(p.scopes), true
}

// texts are the elements of a list of strings, or a string alone.
func (t *tape) texts(at int) []string {
	if at == 0 {
		return nil
	}
	if t.kindOf(at) == '"' {
		return []string{t.textOf(at)}
	}
	var all []string
	for element := range t.elements(at) {
		all = append(all, t.textOf(element))
	}
	return all
}

// hasText reports whether texts(at) holds text. Nothing holds "".
func (t *tape) hasText(at int, text string) bool {
	if at == 0 || text == "" {
		return false
	}
	if t.kindOf(at) == '"' {
		return t.textOf(at) == text
	}
	if t.nodes[at].kind != '[' {
		return false
	}
	// As elements does, without a function for each: every call comes here.
	for element, end := at+1, int(t.nodes[at].next); element < end; element = int(t.nodes[element].next) {
		if t.textOf(element) == text {
			return true
		}
	}
	return false
}
