package store

import (
	"context"
	"time"
)

// Client is an app or a service that may ask for tokens (RFC 6749 §2).
type Client struct {
	// ID is its `client_id`.
	ID string
	// Name is what people call it.
	Name string
	// Secrets are those that stand, at most two, so that one can be replaced
	// while the other is in use.
	Secrets []ClientSecret `json:"-"`
	// JWKS is the client's public keys, for private_key_jwt (RFC 7523): a JWK
	// Set, or empty.
	JWKS []byte
	// Users: it may log people in. Service: it may get tokens for itself.
	Users, Service bool
	// Scopes is what it may be granted. AllScopes: whatever the user has.
	Scopes    []string
	AllScopes bool
	// Audiences is whom its tokens may be for. Empty: anybody that tokens may
	// be for.
	Audiences []string
	// Serves are the audiences that it is itself: it may introspect the tokens
	// that are meant for these.
	Serves []string
	// CertificateBound: its tokens are good only over TLS connections with the
	// certificate that they were asked for with (RFC 8705 §3).
	CertificateBound bool
	// DisabledAt is when it was disabled; zero while it is not.
	DisabledAt time.Time
	// CreatedAt is when it was added.
	CreatedAt time.Time
}

// ClientSecret is a secret of a client, of which only the SHA-256 is kept.
type ClientSecret struct {
	// ID tells it from the other one. It is no part of the secret.
	ID string
	// Hash is the SHA-256 of the secret, which has 256 random bits.
	Hash []byte `json:"-"`
	// CreatedAt is when it was made.
	CreatedAt time.Time
	// Expires is when it stops working, zero for never.
	Expires time.Time
}

// ReasonClientDisabled is the reason of sessions that ended because their
// client was disabled.
const ReasonClientDisabled = "the client was disabled"

// Clients keeps the clients that are not in the service's configuration.
type Clients interface {
	// AddClient inserts c. ErrExists when its ID is taken.
	AddClient(ctx context.Context, c Client, log ...Entry) error

	// Client reads one. ErrNotFound when it is absent.
	Client(ctx context.Context, id string) (Client, error)

	// UpdateClient runs fn while nobody else can change the client, and writes
	// what it changed in *c if it returns nil; otherwise nothing is, and fn's
	// error comes back as it is. ID and CreatedAt stay what they were. A client
	// that fn disables is raised, too, with [ReasonClientDisabled] (see
	// [Revocations.RaiseClient]), all in one step. fn may run more than once
	// and must not call the store. ErrNotFound when the client is absent.
	UpdateClient(ctx context.Context, id string, fn func(now time.Time, c *Client) error, log ...Entry) error

	// Clients lists at most limit clients by ID, those after the one named
	// ("" for the first page).
	Clients(ctx context.Context, after string, limit int) ([]Client, error)
}
