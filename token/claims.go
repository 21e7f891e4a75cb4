package token

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/go-json-experiment/json"
)

// Claims is what a token has been proven to say. Only a [Verifier] or an
// [Issuer] makes one. It is immutable, safe for concurrent use and shared
// between calls: slices come back as copies. It prints as its issuer and kind
// only.
type Claims struct { //nolint:recvcheck // a copy must print as little as a pointer
	tape   tape
	raw    string
	header Header

	issuer, subject, clientID, id, sessionID, acr string

	issuedAt, expiresAt, notBefore, authTime time.Time

	// Nodes of the tape, 0 when the claim is absent: 0 is the whole object,
	// which is neither a string nor a list.
	audience, scopes, roles, amr int

	bound bool
}

// Issuer is `iss`: who made the token.
func (c *Claims) Issuer() string { return c.issuer }

// Subject is `sub`: who the token speaks for, within its issuer.
func (c *Claims) Subject() string { return c.subject }

// ClientID is `client_id` (RFC 8693 §4.3): who the token was given to.
func (c *Claims) ClientID() string { return c.clientID }

// ID is `jti`: the token's own name.
func (c *Claims) ID() string { return c.id }

// SessionID is `sid`: the login that the token descends from, "" for none.
func (c *Claims) SessionID() string { return c.sessionID }

// ACR is `acr`: how well the subject was authenticated, in the issuer's own
// terms.
func (c *Claims) ACR() string { return c.acr }

// Kind is what the token is for.
func (c *Claims) Kind() Kind { return c.header.Kind }

// Header is the token's header.
func (c *Claims) Header() Header { return c.header }

// IssuedAt is `iat`, zero when absent.
func (c *Claims) IssuedAt() time.Time { return c.issuedAt }

// ExpiresAt is `exp`, without leeway: see [Verifier.Deadline].
func (c *Claims) ExpiresAt() time.Time { return c.expiresAt }

// NotBefore is `nbf`, zero when absent.
func (c *Claims) NotBefore() time.Time { return c.notBefore }

// AuthTime is `auth_time`: when the subject last proved who they are, zero
// when absent.
func (c *Claims) AuthTime() time.Time { return c.authTime }

// Bound reports whether the token has a `cnf` claim: it is good only in the
// hands of whoever holds the key that the claim names (RFC 7800).
func (c *Claims) Bound() bool { return c.bound }

// Claim looks a claim up: dotted names ("realm.tier"), or a JSON Pointer
// (RFC 6901) when the path starts with a slash, for names that hold dots
// ("/https:~1~1example.com~1tier") and for elements of lists ("/groups/0").
// It does not allocate.
func (c *Claims) Claim(path string) Value {
	if len(c.tape.nodes) == 0 {
		return Value{}
	}
	at, ok := c.tape.find(path)
	if !ok {
		return Value{}
	}
	return Value{tape: &c.tape, at: at}
}

// Decode decodes all claims into v, as encoding/json does but with
// case-sensitive member names. It fails when a claim does not fit v.
func (c *Claims) Decode(v any) error {
	if err := json.Unmarshal([]byte(c.payload()), v); err != nil {
		return fmt.Errorf("token: decode claims into %T: %w", v, err)
	}
	return nil
}

// payload is the JSON as it was signed.
func (c *Claims) payload() string {
	if len(c.tape.nodes) == 0 {
		return "{}"
	}
	return c.tape.textOf(0)
}

// Raw is the token itself, to pass on to the next service. It is a secret.
func (c *Claims) Raw() string { return c.raw }

// String shows issuer and kind: the subject is personal, the rest is secret.
func (c Claims) String() string {
	return fmt.Sprintf("token.Claims{iss=%s kind=%s}", c.issuer, c.header.Kind)
}

// GoString is String, so that %#v shows no token.
func (c Claims) GoString() string { return c.String() }

// Format is String for every verb.
func (c Claims) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue shows issuer and kind.
func (c Claims) LogValue() slog.Value {
	return slog.GroupValue(slog.String("iss", c.issuer), slog.String("kind", string(c.header.Kind)))
}
