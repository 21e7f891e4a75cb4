package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
)

// errAsItIs ends a change that has nothing to change.
var errAsItIs = errors.New("nothing to change")

// changeClient changes a client in the database, with a line in the audit
// record, both or neither.
func changeClient(ctx context.Context, storage storeFlag, id, kind string, change func(time.Time, *store.Client) error) error {
	return storage.use(ctx, func(st store.Store) error {
		err := st.UpdateClient(ctx, id, change, byOperator(kind, id))
		switch {
		case errors.Is(err, store.ErrNotFound):
			return fmt.Errorf("there is no client %+q: see grpcauth client list", id)
		case errors.Is(err, errAsItIs):
			return nil
		}
		return err
	})
}

type clientKeysCmd struct {
	ID   string `arg:"" help:"The client's id."`
	JWKS string `name:"jwks" required:"" placeholder:"PATH" help:"All of its public keys from now on, as a JWK Set."`

	Storage storeFlag `embed:""`
	Sources sources   `embed:""`
}

// Help is shown below the summary of the command.
func (*clientKeysCmd) Help() string {
	return `To replace a key, give a set with the old one and the new one, have the service sign with the new one, and give a set without the old one.`
}

// Run replaces the keys.
func (c *clientKeysCmd) Run(ctx context.Context, _ *process) error {
	keys, err := readJWKS(c.JWKS)
	if err != nil {
		return err
	}
	return changeClient(ctx, c.Storage, c.ID, "client_keys_replaced", func(now time.Time, client *store.Client) error {
		client.JWKS = keys
		return authsvc.CheckClient(*client, now)
	})
}

type clientDisableCmd struct {
	ID string `arg:"" help:"The client's id."`

	Storage storeFlag `embed:""`
	Sources sources   `embed:""`
}

// Run disables the client. Doing it again changes nothing.
func (c *clientDisableCmd) Run(ctx context.Context, _ *process) error {
	return changeClient(ctx, c.Storage, c.ID, "client_disabled", func(now time.Time, client *store.Client) error {
		if !client.DisabledAt.IsZero() {
			return errAsItIs
		}
		client.DisabledAt = now
		return nil
	})
}

type clientEnableCmd struct {
	ID string `arg:"" help:"The client's id."`

	Storage storeFlag `embed:""`
	Sources sources   `embed:""`
}

// Help is shown below the summary of the command.
func (*clientEnableCmd) Help() string {
	return `Its secrets and keys work again. Sessions and tokens from before it was disabled do not come back.`
}

// Run enables the client. Doing it again changes nothing.
func (c *clientEnableCmd) Run(ctx context.Context, _ *process) error {
	return changeClient(ctx, c.Storage, c.ID, "client_enabled", func(_ time.Time, client *store.Client) error {
		if client.DisabledAt.IsZero() {
			return errAsItIs
		}
		client.DisabledAt = time.Time{}
		return nil
	})
}
