package authsvc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// clients finds a client by its id: among those of the Config, which cost no
// query, and then in the store. No id is in both, see distinct.
type clients struct {
	fixed     map[string]registered
	kept      store.Clients
	audiences []string // whom tokens may be for
}

// registered is a client as it stands now, from either place.
type registered struct {
	Client

	// users: it may log people in. service: it may get tokens for itself.
	users, service bool
	// What it proves itself by; a public client has neither.
	secrets []store.ClientSecret
	jwks    []byte
	// serves are the audiences that it is itself.
	serves []string
}

func newClients(cfg Config) *clients {
	c := &clients{fixed: map[string]registered{}, kept: cfg.Store, audiences: cfg.Audiences}
	for _, client := range cfg.Clients {
		if len(client.Audiences) == 0 {
			client.Audiences = cfg.Audiences
		}
		c.fixed[client.ID] = registered{Client: client, users: true}
	}
	return c
}

// distinct refuses an id that is in both places: whoever disables the one in
// the store must not find that the other one goes on.
func (c *clients) distinct(ctx context.Context) error {
	for id := range c.fixed {
		switch _, err := c.kept.Client(ctx, id); {
		case err == nil:
			return fmt.Errorf("authsvc: Config.Clients and the Store both have a client %q: remove it from the one or name it otherwise in the other", id)
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
	}
	return nil
}

// find gives a client that stands. One that does not exist or was disabled is
// errInvalidClient; the disabled one comes with it. A store is not asked for
// what is no id: not every one takes such text.
func (c *clients) find(ctx context.Context, id string) (registered, error) {
	switch {
	case id == "":
		id = DefaultClient
	case strings.ContainsFunc(id, unicode.IsControl):
		return registered{}, errInvalidClient
	}
	if client, ok := c.fixed[id]; ok {
		return client, nil
	}
	kept, err := c.kept.Client(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return registered{}, errInvalidClient
	case err != nil:
		return registered{}, err
	case !kept.DisabledAt.IsZero():
		return c.registered(kept), fmt.Errorf("%w: it was disabled", errInvalidClient)
	}
	return c.registered(kept), nil
}

// registered reads a record. It may have been written for other audiences than
// those of this service; what tokens may not be for is dropped.
func (c *clients) registered(kept store.Client) registered {
	audiences := c.audiences
	if len(kept.Audiences) > 0 {
		audiences = both(kept.Audiences, c.audiences)
	}
	return registered{
		Client: Client{
			ID: kept.ID, Scopes: kept.Scopes, AllScopes: kept.AllScopes, Audiences: audiences,
			CertificateBound: kept.CertificateBound,
		},
		users: kept.Users, service: kept.Service, secrets: kept.Secrets, jwks: kept.JWKS, serves: kept.Serves,
	}
}

// forUsers gives a client that may log people in. One that must prove itself
// may not: Login and Refresh take no proof of a client, so anybody could go by
// its id (RFC 6749 §3.2.1).
func (c *clients) forUsers(ctx context.Context, id string) (Client, error) {
	client, err := c.find(ctx, id)
	switch {
	case err != nil:
		return Client{}, err
	case !client.users:
		return Client{}, fmt.Errorf("%w: %q may not log users in", errInvalidClient, client.ID)
	case client.confidential():
		return Client{}, fmt.Errorf("%w: %q must prove itself, for which a login has no place: register another client for users", errInvalidClient, client.ID)
	}
	return client.Client, nil
}

// confidential reports whether the client must prove itself.
func (c registered) confidential() bool {
	return c.service || len(c.secrets) > 0 || len(c.jwks) > 0
}

// attr names a client in the log, if it is one: anything can be in a request.
func (c *clients) attr(ctx context.Context, id string) slog.Attr {
	client, err := c.find(ctx, id)
	if err != nil {
		return slog.String("client", "unknown")
	}
	return slog.String("client", client.ID)
}
