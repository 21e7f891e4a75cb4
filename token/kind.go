package token

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kind is what a token is for: its `typ` header as a media type, in lower
// case and without "application/" (RFC 8725 §3.11), unless its issuer's
// [Profile] says it otherwise. A token of one kind never passes for one of
// another.
type Kind string

const (
	// Access is the kind of an access token (RFC 9068 §2.1).
	Access Kind = "at+jwt"
	// IDToken is the kind of a token that tells a client who has logged in
	// (OpenID Connect Core §2), and of one without the mark of an access
	// token. It is for that client and nobody else: an API that accepts it
	// accepts logins to other applications. No media type names it, so its
	// name here is that of RFC 8693 §3.
	IDToken Kind = "id_token"
)

// maxKind is the longest name of a kind, the limit of RFC 6838 §4.2.
const maxKind = 127

// NewKind makes a kind of your own: "password-reset" becomes
// "password-reset+jwt". The name is lower-case letters, digits and inner
// "-", "_" and ".". It fails for any other name, and for "at", which is
// [Access].
func NewKind(name string) (Kind, error) {
	if name == "at" {
		return "", errors.New(`token: kind "at" is the access token's: use token.Access, or another name`)
	}
	if !isKindName(name) {
		return "", fmt.Errorf("token: kind %.40q: want lower-case letters, digits and inner \"-\", \"_\", \".\"", name)
	}
	return Kind(name + "+jwt"), nil
}

// ParseKind reads a whole `typ` value, as a rule names it: "at+jwt",
// "password-reset+jwt", "application/at+jwt" in any case. It fails when typ
// is not a media type.
func ParseKind(typ string) (Kind, error) {
	kind := kindOf(typ)
	name, suffix, structured := strings.Cut(string(kind), "+")
	if !isKindName(name) || structured && !isKindName(suffix) {
		return "", fmt.Errorf("token: typ %.40q is not a media type: want one like %q", typ, Access)
	}
	return kind, nil
}

// kindOf is a `typ` value in the form that kinds are compared in. A value
// that is no media type equals no kind that [ParseKind] returns.
func kindOf(typ string) Kind {
	if typ == string(Access) {
		return Access
	}
	for _, c := range []byte(typ) {
		if c >= utf8.RuneSelf { // letters that fold into ASCII are others still
			return Kind(typ)
		}
	}
	typ = strings.ToLower(typ)
	if rest, ok := strings.CutPrefix(typ, "application/"); ok && !strings.Contains(rest, "/") {
		typ = rest
	}
	return Kind(typ)
}

func isKindName(name string) bool {
	if name == "" || len(name) > maxKind {
		return false
	}
	for i, c := range []byte(name) {
		inner := i > 0 && i < len(name)-1
		if !isLowerAlphanumeric(c) && (!inner || strings.IndexByte("-_.", c) < 0) {
			return false
		}
	}
	return true
}

func isLowerAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
}
