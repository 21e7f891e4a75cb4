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
	ExpiresIn time.Duration `placeholder:"DURATION" help:"How long the secret works. Without it: until it is removed."`
	Client    oneClient     `embed:""`
}

// Help is shown below the summary of the command.
func (*clientSecretAddCmd) Help() string {
	return `To replace a secret, make a second one, give it to the service, and remove the first once nothing uses it. The secret is shown once, here, and only its hash is kept.`
}

// Run makes the secret and prints the client with it. Those that have expired
// go.
func (c *clientSecretAddCmd) Run(ctx context.Context, p *process) error {
	if err := checkExpiry(c.ExpiresIn); err != nil {
		return err
	}
	var secret string
	is, err := c.Client.update(ctx, byOperator("client_secret_added", c.Client.ID), func(now time.Time, client *store.Client) (err error) {
		secret, err = addSecret(client, now, c.ExpiresIn)
		return err
	})
	if err != nil {
		return err
	}
	return c.Client.Output.show(p, is, secret)
}

// addSecret gives a service another secret.
func addSecret(client *store.Client, now time.Time, lifetime time.Duration) (string, error) {
	standing := authsvc.StandingSecrets(*client, now)
	switch {
	case client.Users:
		return "", isPublic(client.ID, "secrets")
	case len(standing) >= authsvc.MaxClientSecrets:
		return "", fmt.Errorf("the client %q has %d secrets (%s): remove one of them first, with grpcauth client secret remove", client.ID, len(standing), secretIDs(*client))
	}
	secret, kept := authsvc.NewClientSecret(now, expiry(now, lifetime))
	client.Secrets = slices.Concat(standing, []store.ClientSecret{kept})
	return secret, authsvc.CheckClient(*client, now)
}

type clientSecretRemoveCmd struct {
	Client   oneClient `embed:""`
	SecretID string    `arg:"" help:"The secret's id, as client show has it."`
}

// Help is shown below the summary of the command.
func (*clientSecretRemoveCmd) Help() string {
	return `The last one may go too: until it is given another, a client without keys gets no tokens. Tokens that it has live on until they expire; client disable puts them out of date at once.`
}

// Run removes the secret.
func (c *clientSecretRemoveCmd) Run(ctx context.Context, p *process) error {
	return c.Client.do(ctx, p, byOperator("client_secret_removed", c.Client.ID), func(_ time.Time, client *store.Client) error {
		at := slices.IndexFunc(client.Secrets, func(s store.ClientSecret) bool { return s.ID == c.SecretID })
		if at < 0 {
			return fmt.Errorf("the client %q has no secret of that id: see grpcauth client show %s", client.ID, client.ID)
		}
		client.Secrets = slices.Delete(slices.Clone(client.Secrets), at, at+1)
		return nil
	})
}
