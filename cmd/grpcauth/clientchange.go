package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
)

// oneClient is the flags of the commands about one client.
type oneClient struct {
	ID      string       `arg:"" help:"The client's id."`
	Output  clientOutput `embed:""`
	Storage storeFlag    `embed:""`
	Sources sources      `embed:""`
}

// clientChange is what a command does to a client. It may run more than once.
type clientChange func(now time.Time, client *store.Client) error

// errAsItIs ends a change that has nothing to change.
var errAsItIs = errors.New("nothing to change")

// do makes a change in the database, with its line in the audit record, both or
// neither, and prints the client as it is then.
func (c oneClient) do(ctx context.Context, p *process, entry store.Entry, fn clientChange) error {
	is, err := c.update(ctx, entry, fn)
	if err != nil {
		return err
	}
	return c.Output.show(p, is, "")
}

// update is do without the printing.
func (c oneClient) update(ctx context.Context, entry store.Entry, fn clientChange) (is store.Client, err error) {
	if err := checkName("id", c.ID, 128); err != nil {
		return is, err
	}
	err = c.Storage.use(ctx, func(st store.Store) error {
		return st.UpdateClient(ctx, c.ID, func(now time.Time, client *store.Client) error {
			err := fn(now, client)
			is = *client
			return err
		}, entry)
	})
	if errors.Is(err, errAsItIs) {
		err = nil
	}
	return is, noClient(c.ID, err)
}

// noClient says what to do about a client that was not found.
func noClient(id string, err error) error {
	switch {
	case !errors.Is(err, store.ErrNotFound):
		return err
	case id == authsvc.DefaultClient:
		return fmt.Errorf("the client %q is built into the server and not in the database: register one of your own with grpcauth client add, and have the app name it", id)
	}
	return fmt.Errorf("there is no client %+q: see grpcauth client list", id)
}

type clientShowCmd struct {
	Client oneClient `embed:""`
}

// Run prints the client.
func (c *clientShowCmd) Run(ctx context.Context, p *process) error {
	id := c.Client.ID
	if err := checkName("id", id, 128); err != nil {
		return err
	}
	return c.Client.Storage.use(ctx, func(st store.Store) error {
		is, err := st.Client(ctx, id)
		if err != nil {
			return noClient(id, err)
		}
		return c.Client.Output.show(p, is, "")
	})
}

type clientKeysCmd struct {
	JWKS   string    `name:"jwks" required:"" placeholder:"PATH" help:"All of its public keys from now on, as a JWK Set."`
	Client oneClient `embed:""`
}

// Help is shown below the summary of the command.
func (*clientKeysCmd) Help() string {
	return `To replace a key, give a set with the old one and the new one, have the service sign with the new one, and give a set without the old one.`
}

// Run replaces the keys.
func (c *clientKeysCmd) Run(ctx context.Context, p *process) error {
	keys, err := readJWKS(c.JWKS)
	if err != nil {
		return err
	}
	return c.Client.do(ctx, p, byOperator("client_keys_replaced", c.Client.ID), func(now time.Time, client *store.Client) error {
		if client.Users {
			return isPublic(client.ID, "keys")
		}
		client.JWKS = keys
		return authsvc.CheckClient(*client, now)
	})
}

// isPublic refuses an app what only a service may have.
func isPublic(id, what string) error {
	return fmt.Errorf("the client %q logs users in and is public, so it has no %s: register a service of its own with grpcauth client add --service", id, what)
}

type clientDisableCmd struct {
	Client oneClient `embed:""`
}

// Help is shown below the summary of the command.
func (*clientDisableCmd) Help() string {
	return `Access tokens that it has live on for some minutes at services that don't ask this server about revocation. To let the client in again: grpcauth client enable.`
}

// Run disables the client. Doing it again changes nothing.
func (c *clientDisableCmd) Run(ctx context.Context, p *process) error {
	return c.Client.do(ctx, p, byOperator("client_disabled", c.Client.ID), func(now time.Time, client *store.Client) error {
		if !client.DisabledAt.IsZero() {
			return errAsItIs
		}
		client.DisabledAt = now
		return nil
	})
}

type clientEnableCmd struct {
	Client oneClient `embed:""`
}

// Help is shown below the summary of the command.
func (*clientEnableCmd) Help() string {
	return `Its secrets and keys work again. Sessions and tokens from before it was disabled do not come back: apps log in again, services ask for another token.`
}

// Run enables the client. Doing it again changes nothing.
func (c *clientEnableCmd) Run(ctx context.Context, p *process) error {
	return c.Client.do(ctx, p, byOperator("client_enabled", c.Client.ID), func(_ time.Time, client *store.Client) error {
		if client.DisabledAt.IsZero() {
			return errAsItIs
		}
		client.DisabledAt = time.Time{}
		return nil
	})
}
