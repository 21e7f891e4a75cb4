package main

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
)

// clientSetCmd changes what a client may be granted.
type clientSetCmd struct {
	Scope          newList `placeholder:"SCOPE,..." help:"All scopes that it may be granted from now on. Repeat the flag, or separate scopes by commas."`
	AllScopes      bool    `help:"It may be granted whatever its user has. For apps that log users in."`
	TargetAudience newList `placeholder:"NAME,..." help:"All audiences that its tokens may be for from now on."`
	AllAudiences   bool    `help:"Its tokens may be for all that tokens may be for."`
	Serves         newList `placeholder:"NAME,..." help:"All audiences that it is itself: it may introspect tokens for those, with the scope grpcauth.introspect. For services."`

	Client oneClient `embed:""`
}

// Help is shown below the summary of the command.
func (*clientSetCmd) Help() string {
	return `A flag replaces the whole list; what has no flag stays. "" empties a list, but not that of the audiences, which without a name would be all: say --all-audiences for that. A client that has the scope grpcauth.introspect must serve an audience: to empty --serves, give --scope without that scope in the same command. A service feels it with its next token. An app loses scopes and audiences at its next refresh, and gains them at the next login. Tokens that were made before keep theirs until they expire: to put them out of date at once, disable the client and enable it again, which ends its sessions too.`
}

// Run changes the client. What is so already is no change.
func (c *clientSetCmd) Run(ctx context.Context, p *process) error {
	if err := c.check(); err != nil {
		return err
	}
	entry := byOperator("client_changed", c.Client.ID)
	entry.Reason = c.said()
	return c.Client.do(ctx, p, entry, func(now time.Time, client *store.Client) error {
		was := *client
		c.apply(client)
		if reflect.DeepEqual(was, *client) {
			return errAsItIs
		}
		if err := checkIntrospects(client.Scopes, client.Serves); err != nil {
			return err
		}
		return authsvc.CheckClient(*client, now)
	})
}

func (c *clientSetCmd) check() error {
	switch {
	case !c.Scope.given && !c.AllScopes && !c.TargetAudience.given && !c.AllAudiences && !c.Serves.given:
		return errors.New("nothing to change: give --scope, --all-scopes, --target-audience, --all-audiences or --serves")
	case c.AllScopes && c.Scope.given:
		return errBothScopes
	case c.AllAudiences && c.TargetAudience.given:
		return errors.New("--all-audiences and --target-audience contradict each other: give one of them")
	}
	if err := checkAudiences(c.TargetAudience, "give --all-audiences"); err != nil {
		return err
	}
	return checkScopes(c.Scope.items)
}

func (c *clientSetCmd) apply(client *store.Client) {
	if c.Scope.given || c.AllScopes {
		client.Scopes, client.AllScopes = c.Scope.items, c.AllScopes
	}
	if c.TargetAudience.given || c.AllAudiences {
		client.Audiences = c.TargetAudience.items
	}
	if c.Serves.given {
		client.Serves = c.Serves.items
	}
}

// said is the change for the audit record.
func (c *clientSetCmd) said() string {
	var parts []string
	if c.AllScopes {
		parts = append(parts, "all scopes of the user")
	}
	if c.AllAudiences {
		parts = append(parts, "all audiences")
	}
	for _, list := range []struct {
		name string
		to   newList
	}{{"scopes", c.Scope}, {"audiences", c.TargetAudience}, {"serves", c.Serves}} {
		if list.to.given {
			parts = append(parts, list.name+": "+orDash(strings.Join(list.to.items, " ")))
		}
	}
	return strings.Join(parts, "; ")
}

// newList is a list that may be given and empty. In a plain list that can't be
// told from none.
type newList struct {
	given bool
	items []string
}

// Decode is called by kong each time the flag is given.
func (l *newList) Decode(ctx *kong.DecodeContext) error {
	token, err := ctx.Scan.PopValue("text")
	if err != nil {
		return err
	}
	text, ok := token.Value.(string)
	if !ok {
		return errors.New("want text, with commas between several")
	}
	l.given, l.items = true, append(l.items, kong.SplitEscaped(text, ',')...)
	return nil
}
