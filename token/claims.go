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
	sealed sealed[proven]
}

// proven is what Claims holds.
type proven struct {
	tape   tape
	raw    string
	header Header
	kind   Kind

	issuer, subject, clientID, id, sessionID, acr string

	issuedAt, expiresAt, notBefore, authTime time.Time

	// Nodes of the tape, 0 when the claim is absent: 0 is the whole object,
	// which is neither a string nor a list.
	audience, scopes, amr int
	roles                 [maxRoles]int

	bound bool

	key   *Key           // under which a verifier has proven all this; nil of an issuer's own
	trust *trustedIssuer // that verifier's own, so that another one's is told from it
}

func (c *Claims) open() *proven {
	if p := c.sealed.open(); p != nil {
		return p
	}
	return new(proven) // the zero Claims says nothing
}

// Issuer is `iss`: who made the token.
func (c *Claims) Issuer() string { return c.open().issuer }

// Subject is `sub`: who the token speaks for, within its issuer. A [Profile]
// may have it, and the client, audience, scopes and roles, elsewhere.
func (c *Claims) Subject() string { return c.open().subject }

// ClientID is `client_id` (RFC 8693 §4.3): who the token was given to.
func (c *Claims) ClientID() string { return c.open().clientID }

// ID is `jti`: the token's own name.
func (c *Claims) ID() string { return c.open().id }

// SessionID is `sid`: the login that the token descends from, "" for none.
func (c *Claims) SessionID() string { return c.open().sessionID }

// ACR is `acr`: how well the subject was authenticated, in the issuer's own
// terms.
func (c *Claims) ACR() string { return c.open().acr }

// Kind is what the token is for, as its issuer's [Profile] has it; "" is for
// nothing that is accepted anywhere.
func (c *Claims) Kind() Kind { return c.open().kind }

// Header is the token's header.
func (c *Claims) Header() Header { return c.open().header }

// IssuedAt is `iat`, zero when absent.
func (c *Claims) IssuedAt() time.Time { return c.open().issuedAt }

// ExpiresAt is `exp`, without leeway: see [Verifier.Remaining].
func (c *Claims) ExpiresAt() time.Time { return c.open().expiresAt }

// NotBefore is `nbf`, zero when absent.
func (c *Claims) NotBefore() time.Time { return c.open().notBefore }

// AuthTime is `auth_time`: when the subject last proved who they are, zero
// when absent.
func (c *Claims) AuthTime() time.Time { return c.open().authTime }

// Bound reports whether the token has a `cnf` claim: it is good only in the
// hands of whoever holds the key that the claim names (RFC 7800).
func (c *Claims) Bound() bool { return c.open().bound }

// Claim looks a claim up: dotted names ("realm.tier"), or a JSON Pointer
// (RFC 6901) when the path starts with a slash, for names that hold dots
// ("/https:~1~1example.com~1tier") and for elements of lists ("/groups/0").
// It does not allocate.
func (c *Claims) Claim(path string) Value {
	t := &c.open().tape
	if len(t.nodes) == 0 {
		return Value{}
	}
	at, ok := t.find(path)
	if !ok {
		return Value{}
	}
	return Value{in: c.sealed, at: at}
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
	t := &c.open().tape
	if len(t.nodes) == 0 {
		return "{}"
	}
	return t.textOf(0)
}

// Raw is the token itself, to pass on to the next service. It is a secret.
func (c *Claims) Raw() string { return c.open().raw }

// String shows issuer and kind: the subject is personal, the rest is secret.
func (c Claims) String() string {
	return fmt.Sprintf("token.Claims{iss=%s kind=%s}", c.Issuer(), c.Kind())
}

// GoString is String, so that %#v shows no token.
func (c Claims) GoString() string { return c.String() }

// Format is String for every verb.
func (c Claims) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue shows issuer and kind.
func (c Claims) LogValue() slog.Value {
	return slog.GroupValue(slog.String("iss", c.Issuer()), slog.String("kind", string(c.Kind())))
}
