package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
)

type clientSecretCmd struct {
	Add    clientSecretAddCmd    `cmd:"" help:"Make a secret beside the one that is in use. Two work at a time."`
	Remove clientSecretRemoveCmd `cmd:"" help:"Remove a secret, which stops working at once."`
}

type clientSecretAddCmd struct {
	ID        string        `arg:"" help:"The client's id."`
	ExpiresIn time.Duration `placeholder:"DURATION" help:"How long the secret works. Without it: until it is removed."`
	JSON      bool          `name:"json" help:"Print the secret as JSON."`

	Storage storeFlag `embed:""`
	Sources sources   `embed:""`
}

// Help is shown below the summary of the command.
func (*clientSecretAddCmd) Help() string {
	return `To replace a secret, make a second one, give it to the service, and remove the first once nothing uses it. The secret is shown once, here.`
}

// Run makes the secret and prints it. Those that have expired go.
func (c *clientSecretAddCmd) Run(ctx context.Context, p *process) error {
	if err := checkExpiry(c.ExpiresIn); err != nil {
		return err
	}
	var secret string
	var made store.Client
	err := changeClient(ctx, c.Storage, c.ID, "client_secret_added", func(now time.Time, client *store.Client) error {
		if client.Service && len(authsvc.StandingSecrets(*client, now)) == authsvc.MaxClientSecrets {
			return fmt.Errorf("the client %q has %d secrets (%s): remove one of them first", c.ID, authsvc.MaxClientSecrets, secretIDs(*client))
		}
		var kept store.ClientSecret
		secret, kept = authsvc.NewClientSecret(now, expiry(now, c.ExpiresIn))
		client.Secrets = append(authsvc.StandingSecrets(*client, now), kept)
		made = *client
		return authsvc.CheckClient(made, now)
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return p.printJSON(newClientJSON(made, secret))
	}
	t := p.table()
	t.row("id", c.ID)
	showSecret(t, made, secret)
	return t.flush()
}

type clientSecretRemoveCmd struct {
	ID       string `arg:"" help:"The client's id."`
	SecretID string `arg:"" help:"The secret's id, as client list shows it."`

	Storage storeFlag `embed:""`
	Sources sources   `embed:""`
}

// Run removes the secret. The last one may go too: then the client has none
// that works.
func (c *clientSecretRemoveCmd) Run(ctx context.Context, _ *process) error {
	return changeClient(ctx, c.Storage, c.ID, "client_secret_removed", func(_ time.Time, client *store.Client) error {
		at := slices.IndexFunc(client.Secrets, func(s store.ClientSecret) bool { return s.ID == c.SecretID })
		if at < 0 {
			return fmt.Errorf("the client %q has no secret of that id: see grpcauth client list", c.ID)
		}
		client.Secrets = slices.Delete(slices.Clone(client.Secrets), at, at+1)
		return nil
	})
}
