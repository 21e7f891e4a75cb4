package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
)

type clientCmd struct {
	Add     clientAddCmd     `cmd:"" help:"Register an app that logs users in, or a service that gets tokens for itself."`
	List    clientListCmd    `cmd:"" help:"List the clients."`
	Show    clientShowCmd    `cmd:"" help:"Show a client."`
	Set     clientSetCmd     `cmd:"" help:"Change what a client may be granted, and what it serves."`
	Secret  clientSecretCmd  `cmd:"" help:"Make and remove the secrets of a service."`
	Keys    clientKeysCmd    `cmd:"" help:"Replace the public keys that a service signs its assertions with."`
	Disable clientDisableCmd `cmd:"" help:"Refuse a client, end its sessions and put its tokens out of date."`
	Enable  clientEnableCmd  `cmd:"" help:"Let a disabled client in again."`
}

// clientAddCmd registers a client in the database itself, as user add does.
type clientAddCmd struct {
	ID               string        `arg:"" help:"Its client_id: 1 to 128 printable ASCII characters without spaces."`
	Name             string        `placeholder:"NAME" help:"What people call it."`
	Users            bool          `help:"It is an app that logs users in. It is public: it has no secret."`
	Service          bool          `help:"It is a service that gets tokens for itself. It is given a secret, unless it has keys."`
	Scope            []string      `placeholder:"SCOPE" help:"A scope it may be granted. Repeat the flag, or separate scopes by commas. Without it: none."`
	AllScopes        bool          `help:"It may be granted whatever its user has. For --users."`
	TargetAudience   newList       `placeholder:"NAME" help:"An audience that its tokens may be for. Without it: all that tokens may be for."`
	Serves           []string      `placeholder:"NAME" help:"An audience that it is itself: it may introspect tokens for that, with the scope grpcauth.introspect. For --service."`
	CertificateBound bool          `help:"Its tokens are good only over TLS connections with the certificate they were asked for with."`
	JWKS             string        `name:"jwks" placeholder:"PATH" help:"Its public keys, as a JWK Set, for private_key_jwt. For --service."`
	ExpiresIn        time.Duration `placeholder:"DURATION" help:"How long its secret works. Without it: until it is removed."`

	Output  clientOutput `embed:""`
	Storage storeFlag    `embed:""`
	Sources sources      `embed:""`
}

// Help is shown below the summary of the command.
func (*clientAddCmd) Help() string {
	return `An app names its id as client_id when it logs users in and refreshes. A service sends its id and its secret with IssueClientToken. A secret is shown once, here, and only its hash is kept. An app that logs users in and also acts for itself is two clients. Clients are read at every call, so nothing has to be restarted.`
}

// Run registers the client and prints it, with its secret.
func (c *clientAddCmd) Run(ctx context.Context, p *process) (err error) {
	client, secret, err := c.client(time.Now())
	if err != nil {
		return err
	}
	st, err := c.Storage.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = closed(err, st) }()
	if err := st.AddClient(ctx, client, byOperator("client_added", c.ID)); errors.Is(err, store.ErrExists) {
		return fmt.Errorf("there is a client %q already: choose another id, or change that one with grpcauth client set", c.ID)
	} else if err != nil {
		return err
	}
	return c.Output.show(p, client, secret)
}

// client is what the flags say, with a secret where one is needed.
func (c *clientAddCmd) client(now time.Time) (client store.Client, secret string, err error) {
	if err := c.check(); err != nil {
		return client, "", err
	}
	client = store.Client{
		ID: c.ID, Name: c.Name, Users: c.Users, Service: c.Service, Scopes: c.Scope, AllScopes: c.AllScopes,
		Audiences: c.TargetAudience.items, Serves: c.Serves, CertificateBound: c.CertificateBound, CreatedAt: now,
	}
	if c.JWKS != "" {
		if client.JWKS, err = readJWKS(c.JWKS); err != nil {
			return client, "", err
		}
	}
	if c.Service && c.JWKS == "" {
		var kept store.ClientSecret
		secret, kept = authsvc.NewClientSecret(now, expiry(now, c.ExpiresIn))
		client.Secrets = []store.ClientSecret{kept}
	}
	return client, secret, authsvc.CheckClient(client, now)
}

func (c *clientAddCmd) check() error {
	switch {
	case c.ID == authsvc.DefaultClient:
		return fmt.Errorf("the client %q is built into the server: choose another id", c.ID)
	case strings.ContainsFunc(c.ID, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("the id %+.40q is not printable ASCII without spaces (RFC 6749 appendix A.1): correct it", c.ID)
	case c.Users == c.Service:
		return errors.New("say what the client is for: --users or --service; an app that does both is two clients")
	case c.Service && c.AllScopes:
		return errors.New("--all-scopes is for --users clients: give a service its scopes with --scope")
	case c.Users && len(c.Serves) > 0:
		return errors.New("--serves is for --service clients: make a second client")
	case c.AllScopes && len(c.Scope) > 0:
		return errBothScopes
	case c.ExpiresIn != 0 && (c.Users || c.JWKS != ""):
		return errors.New("--expires-in is for a secret, and this client gets none: leave it out")
	}
	if err := checkExpiry(c.ExpiresIn); err != nil {
		return err
	}
	if err := checkScopes(c.Scope); err != nil {
		return err
	}
	if err := checkAudiences(c.TargetAudience, "leave the flag out"); err != nil {
		return err
	}
	if err := checkIntrospects(c.Scope, c.Serves); err != nil {
		return err
	}
	return c.Storage.check()
}

var errBothScopes = errors.New("--all-scopes and --scope contradict each other: give one of them")

func checkScopes(scopes []string) error {
	for _, scope := range scopes {
		if err := checkScope(scope); err != nil {
			return err
		}
	}
	return nil
}

// checkAudiences refuses a list that is empty, as after --target-audience
// "$UNSET": a client without audiences has all of them. all says how to mean
// that.
func checkAudiences(given newList, all string) error {
	if given.given && len(given.items) == 0 {
		return errors.New("--target-audience names no audience: name one, or " + all + " for all that tokens may be for")
	}
	return nil
}

// introspectScope lets a service ask about tokens for the audiences it serves.
const introspectScope = "grpcauth.introspect"

// checkIntrospects refuses a client to which every token would be inactive.
func checkIntrospects(scopes, serves []string) error {
	if slices.Contains(scopes, introspectScope) && len(serves) == 0 {
		return errors.New("the scope " + introspectScope + " is for a --service and of no use without --serves: " +
			"give --scope without it in the same command, or name the audience whose tokens it may introspect, such as --serves https://notes.example")
	}
	return nil
}

func checkExpiry(d time.Duration) error {
	if d < 0 {
		return errors.New("--expires-in is in the past: give how long the secret works, such as 2160h")
	}
	return nil
}

// expiry is when something ends that lives for d, or never for 0.
func expiry(now time.Time, d time.Duration) time.Time {
	if d == 0 {
		return time.Time{}
	}
	return now.Add(d)
}

// maxJWKS is far more than a client's keys need.
const maxJWKS = 64 << 10

// readJWKS reads public keys. Whether they are is for authsvc.CheckClient to
// say.
func readJWKS(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--jwks: %w", err)
	}
	if len(data) > maxJWKS {
		return nil, fmt.Errorf("--jwks %s has %d bytes: give a JWK Set of at most %d", path, len(data), maxJWKS)
	}
	return data, nil
}

// byOperator is a line of the audit record about what somebody did here.
func byOperator(kind, clientID string) store.Entry {
	return store.Entry{Kind: kind, Actor: operator, ClientID: clientID}
}
