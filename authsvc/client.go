package authsvc

import (
	"errors"
	"fmt"
	"slices"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/token"
)

// DefaultClient is the client of a request that names none.
const DefaultClient = "default"

var errInvalidClient = fault.New(grpcauthv1.Reason_REASON_INVALID_CLIENT, "authsvc: no such client, or it has not proven itself")

// Client is an app that may log users in: a public client (RFC 6749 §2.1),
// which can keep no secret. A request that names no client means the one with
// the id [DefaultClient]; where there is none, it is refused.
//
// Clients that prove who they are, and so get tokens for themselves, are those
// of the Store ([store.Client]).
type Client struct {
	// ID is the `client_id` of its tokens, at most 128 bytes.
	ID string

	// Scopes is what it may be granted; of these, a token holds what its user
	// has too. Empty: tokens without a scope.
	Scopes []string

	// AllScopes grants whatever the user has. Scopes is empty then.
	AllScopes bool

	// Audiences is whom its tokens may be for. Empty: all of the Config's.
	Audiences []string

	// CertificateBound binds its sessions and their tokens to the certificate
	// of the TLS connection that the user logged in over (RFC 8705 §3):
	// whoever else has them can't use them. A login without a certificate is
	// refused then, and of a session that began before, what needs a refresh
	// token or the password again.
	CertificateBound bool
}

func (c Client) check(audiences []string) error {
	switch {
	case c.ID == "":
		return fmt.Errorf("the id is empty: name the client, or use %q for requests that name none", DefaultClient)
	case len(c.ID) > maxClientID:
		return fmt.Errorf("the id has %d bytes: use at most %d", len(c.ID), maxClientID)
	case c.AllScopes && len(c.Scopes) > 0:
		return errors.New("both AllScopes and Scopes are set: choose one")
	}
	for _, scope := range c.Scopes {
		if !token.IsScope(scope) {
			return fmt.Errorf("scope %q: a scope is printable ASCII without spaces, quotes and backslashes (RFC 6749 §3.3)", scope)
		}
	}
	for _, audience := range c.Audiences {
		if !slices.Contains(audiences, audience) {
			return fmt.Errorf("audience %q is not one of Config.Audiences: add it there or remove it here", audience)
		}
	}
	return nil
}
