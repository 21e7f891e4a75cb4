package token

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Spec is a token that is asked for. What the issuer sets by itself (`iss`,
// `exp`, `iat`, `jti`) can't be asked for.
type Spec struct {
	// Kind of token. Zero means [Access].
	Kind Kind
	// Subject is who the token speaks for. Required.
	Subject string
	// Audience is who the token is for. Empty means the issuer's.
	Audience []string
	// ClientID is who the token is given to. Required for [Access].
	ClientID string
	// Scopes and Roles that are granted. A scope is printable ASCII without
	// space, quote and backslash (RFC 6749 §3.3).
	Scopes, Roles []string
	// SessionID is the login that the token descends from.
	SessionID string
	// AuthTime, ACR and AMR say when and how the subject authenticated. They
	// must stay what they were at login when a token is renewed (RFC 9068
	// §2.2.1).
	AuthTime time.Time
	ACR      string
	AMR      []string
	// Certificate binds the token to whoever holds the key of this certificate:
	// it is good only over a TLS connection whose client showed it (RFC 8705
	// §3). The token says so in `cnf`, by the SHA-256 of the certificate (§3.1).
	// Nil means a token that is good in anybody's hands.
	Certificate *x509.Certificate
	// Counters are what the token is measured by when something is revoked, as
	// they stand while it is made. Zero means a token that no counter concerns.
	Counters Counters
	// Lifetime of the token. Zero means the issuer's. At least a second, at
	// most the issuer's maximum.
	Lifetime time.Duration
	// Claims are private ones, encoded as JSON. Names that have a meaning
	// here are refused with [ErrReservedClaim], in any case, because lenient
	// readers take SUB for sub.
	Claims map[string]any
}

// reserved are the names of claims that only the issuer sets, and of those
// that a verifier or a guard gives a meaning.
var reserved = []string{
	"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope", "roles",
	"sid", "auth_time", "acr", "amr", "cnf", "act", "rv",
}

func (s *Spec) check() error {
	switch {
	case s.Subject == "":
		return errors.New("token: spec without a subject: set Subject")
	case len(s.Audience) == 0 || slices.Contains(s.Audience, ""):
		return errors.New("token: spec with an empty audience: name who the token is for")
	case s.Kind == Access && s.ClientID == "":
		return errors.New("token: access token without a client: set ClientID")
	case slices.Contains(s.Roles, "") || slices.Contains(s.AMR, ""):
		return errors.New("token: spec with an empty role or authentication method")
	case s.Certificate != nil && len(s.Certificate.Raw) == 0:
		return errors.New("token: spec with a certificate that was never encoded: take the one of the TLS handshake, or of x509.ParseCertificate")
	}
	if kind, err := ParseKind(string(s.Kind)); err != nil || kind != s.Kind {
		return fmt.Errorf("token: kind %.40q: make it with NewKind or ParseKind", s.Kind)
	}
	for _, scope := range s.Scopes {
		if !IsScope(scope) {
			return fmt.Errorf("token: scope %.40q: want printable ASCII without space, quote and backslash", scope)
		}
	}
	for name := range s.Claims {
		if isReserved(name) {
			return fmt.Errorf("%w: %.40q: set it by the field of Spec, or choose another name", ErrReservedClaim, name)
		}
	}
	return nil
}

// IsScope reports whether scope is one that a token can hold: printable ASCII
// without space, quote and backslash (RFC 6749 §3.3). One with a space would
// be two.
func IsScope(scope string) bool {
	for _, c := range []byte(scope) {
		if c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return scope != ""
}

func isReserved(name string) bool {
	return slices.ContainsFunc(reserved, func(r string) bool { return strings.EqualFold(r, name) })
}

// member is a claim on its way out.
type member struct {
	name  string
	value any
}

// members are the claims of a token that is made now: those that every token
// has first, `iss` before all because a verifier looks for it.
func (s *Spec) members(issuer string, now time.Time) []member {
	all := []member{
		{"iss", issuer},
		{"sub", s.Subject},
		{"aud", oneOrList(s.Audience)},
		{"exp", now.Add(s.Lifetime).Unix()},
		{"iat", now.Unix()},
		{"jti", rand.Text()}, // 130 random bits
	}
	all = appendText(all, "client_id", s.ClientID)
	all = appendText(all, "scope", strings.Join(s.Scopes, " "))
	all = appendList(all, "roles", s.Roles)
	all = appendText(all, "sid", s.SessionID)
	if !s.AuthTime.IsZero() {
		all = append(all, member{"auth_time", s.AuthTime.Unix()})
	}
	all = appendText(all, "acr", s.ACR)
	all = appendList(all, "amr", s.AMR)
	if s.Certificate != nil {
		all = append(all, member{"cnf", map[string]string{"x5t#S256": CertificateThumbprint(s.Certificate)}})
	}
	if s.Counters != (Counters{}) {
		all = append(all, member{"rv", []int64{s.Counters.All, s.Counters.Client, s.Counters.Subject}})
	}
	return all
}

// CertificateThumbprint names a certificate as tokens that are bound to it do:
// its SHA-256 in base64url (RFC 8705 §3.1).
func CertificateThumbprint(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func oneOrList(audience []string) any {
	if len(audience) == 1 {
		return audience[0]
	}
	return audience
}

func appendText(all []member, name, value string) []member {
	if value == "" {
		return all
	}
	return append(all, member{name, value})
}

func appendList(all []member, name string, values []string) []member {
	if len(values) == 0 {
		return all
	}
	return append(all, member{name, values})
}
