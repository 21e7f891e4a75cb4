package token

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Profile says how an issuer writes its tokens: what marks an access token,
// and where it keeps who the token is for, who it was given to, and what it
// allows. The zero Profile is [RFC9068]; [Keycloak], [Auth0], [Okta], [Entra]
// and [Cognito] are what those issuers write.
//
// Each is a value to change where your issuer differs, and a field that is
// left empty is as RFC 9068 has it, so that an issuer which only keeps its
// roles elsewhere is
//
//	token.Profile{Roles: []string{"groups"}}
//
// What marks an access token stays where the issuer writes it, whichever
// places you change: the Kind of those profiles reads the claims themselves.
//
// Paths are those of [Claims.Claim]. A claim at a path must have the form that
// its meaning needs, or the token is refused with [ErrClaims].
type Profile struct {
	// Types are the `typ` headers that Kind decides about, compared as media
	// types: in any case, with or without "application/"; "" is a token
	// without one. Needs Kind.
	Types []string
	// Kind says what a token is for whose signature has been verified and
	// whose typ is one of Types. It must return [Access] only for a token that
	// bears a mark which no other token of the issuer bears, and "" for one
	// that is good for nothing here. It is called at every verification, must
	// be safe for concurrent use, and can't see [Claims.Kind], which it
	// decides. It must go by the token alone, since a cache asks it once for
	// each. Go by [Claims.Claim], which does not change with the places below.
	// Tokens of other types are of the kind that their typ says, but
	// never [Access] nor [IDToken].
	//
	// Nil means RFC 9068 §2.1: the typ decides alone. Then a token without one,
	// or with `JWT`, is an [IDToken].
	Kind func(*Claims) Kind

	// Subject is where the subject is. Empty means `sub`.
	Subject string
	// Audience is where the audience is: the first of these that is there.
	// Empty means `aud`.
	Audience []string
	// ClientID is where the client is: the first of these that is there. Empty
	// means `client_id`.
	ClientID []string
	// Scopes is where the scopes are: the first of these that is there. Empty
	// means `scope`.
	Scopes []string
	// Roles is where roles are: all of these that are there count, so a role
	// means the same wherever it stands. At most 4. Empty means `roles`.
	Roles []string

	// checkIssuer refuses names that the issuer never has.
	checkIssuer func(name string) error
}

// RFC9068 is the profile of access tokens as RFC 9068 has them, `typ: at+jwt`,
// and the default.
func RFC9068() Profile { return Profile{} }

// maxRoles is how many places of roles there can be.
const maxRoles = 4

// profile is a Profile in the form that verifying needs.
type profile struct {
	Profile
	types  []Kind
	mapped bool // some claim is not where RFC 9068 has it
}

// compile checks a profile and fills in what it leaves to RFC 9068.
func (p Profile) compile() (*profile, error) {
	if (p.Kind == nil) != (len(p.Types) == 0) {
		return nil, errors.New("profile has one of Kind and Types: Kind decides about the typ headers in Types, set both")
	}
	if len(p.Roles) > maxRoles {
		return nil, fmt.Errorf("profile has %d places of roles: want at most %d", len(p.Roles), maxRoles)
	}
	made := &profile{Profile: p}
	for _, typ := range p.Types {
		if typ != "" {
			if _, err := ParseKind(typ); err != nil {
				return nil, fmt.Errorf("profile has the typ %.40q, which is no media type", typ)
			}
		}
		made.types = append(made.types, kindOf(typ))
	}
	made.mapped = p.Subject != "" || len(p.Audience)+len(p.ClientID)+len(p.Scopes)+len(p.Roles) > 0
	return made, made.fill()
}

// fill makes the places its own, and those that were left out RFC 9068's.
func (p *profile) fill() error {
	if p.Subject == "" {
		p.Subject = "sub"
	}
	for _, place := range []struct {
		paths    *[]string
		standard string
	}{{&p.Audience, "aud"}, {&p.ClientID, "client_id"}, {&p.Scopes, "scope"}, {&p.Roles, "roles"}} {
		if slices.Contains(*place.paths, "") {
			return fmt.Errorf("profile has an empty path where %s is", place.standard)
		}
		if *place.paths = slices.Clone(*place.paths); len(*place.paths) == 0 {
			*place.paths = []string{place.standard}
		}
	}
	return nil
}

// kind is what a token is for.
func (p *profile) kind(c *Claims) Kind {
	switch typ := c.Header().Kind; {
	case p.Kind != nil && slices.Contains(p.types, typ):
		return p.Kind(c)
	case p.Kind != nil && (typ == Access || typ == IDToken):
		return "" // says a header that the profile does not believe
	case p.Kind == nil && (typ == "" || typ == "jwt"):
		return idToken(c)
	default:
		return typ
	}
}

// idToken is the kind of a token without a mark: an ID token, as far as
// OpenID Connect has a mark for those at all. A logout token is none (OpenID
// Connect Back-Channel Logout 1.0 §2.4).
func idToken(c *Claims) Kind {
	if c.Claim("events").Exists() {
		return ""
	}
	return IDToken
}

// check holds proven claims to what an access token must have: RFC 9068 §2.2
// where its typ makes it one, and else what its issuer always writes. Tokens
// of other kinds need no more than any token. The error is [ErrClaims].
func (p *profile) check(c *Claims) error {
	if c.Kind() != Access {
		return nil
	}
	switch {
	case c.ClientID() == "":
		return missing(strings.Join(p.ClientID, " or "))
	case c.ID() == "" && p.Kind == nil:
		return missing("jti")
	case c.IssuedAt().IsZero():
		return missing("iat")
	}
	return nil
}

func missing(claim string) error {
	return fmt.Errorf("%w: %s is missing or empty", ErrClaims, claim)
}
