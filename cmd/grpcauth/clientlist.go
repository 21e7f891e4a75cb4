package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
)

// clientListCmd lists the clients that are in the database.
type clientListCmd struct {
	JSON bool `name:"json" help:"Print a line of JSON for each."`

	Storage storeFlag `embed:""`
	Sources sources   `embed:""`
}

// Help is shown below the summary of the command.
func (*clientListCmd) Help() string {
	return `The client "default", which requests mean that name none, is built into the server and not listed.`
}

// Run prints them by their ids.
func (c *clientListCmd) Run(ctx context.Context, p *process) (err error) {
	if err := c.Storage.check(); err != nil {
		return err
	}
	st, err := c.Storage.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = closed(err, st) }()
	all, err := allClients(ctx, st)
	if err != nil {
		return err
	}
	if !c.JSON {
		return printClients(p, all)
	}
	out := json.NewEncoder(p.stdout)
	for _, client := range all {
		if err := out.Encode(clientJSON(client, "")); err != nil {
			return err
		}
	}
	return nil
}

func allClients(ctx context.Context, st store.Clients) (all []store.Client, err error) {
	const pageSize = 100
	after := ""
	for {
		page, err := st.Clients(ctx, after, pageSize)
		all = append(all, page...)
		if err != nil || len(page) < pageSize {
			return all, err
		}
		after = page[len(page)-1].ID
	}
}

func printClients(p *process, all []store.Client) error {
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tNAME\tFOR\tSCOPES\tAUDIENCES\tSERVES\tSECRETS\tKEYS\tSTATE") // kept until Flush
	for _, c := range all {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", c.ID, orDash(c.Name), clientFor(c), orDash(clientScopes(c)),
			orDash(strings.Join(c.Audiences, " ")), orDash(strings.Join(c.Serves, " ")), orDash(secretIDs(c)), keyCount(c), clientState(c))
	}
	return table.Flush()
}

// secretIDs names the secrets that stand.
func secretIDs(c store.Client) string {
	standing := authsvc.StandingSecrets(c, time.Now())
	names := make([]string, len(standing))
	for i, s := range standing {
		names[i] = s.ID
	}
	return strings.Join(names, " ")
}

func clientFor(c store.Client) string {
	if c.Service {
		return "itself"
	}
	return "users"
}

func clientScopes(c store.Client) string {
	if c.AllScopes {
		return "(all of the user)"
	}
	return strings.Join(c.Scopes, " ")
}

func clientState(c store.Client) string {
	if c.DisabledAt.IsZero() {
		return "enabled"
	}
	return "disabled"
}

// keyCount is how many keys a client signs with. Its set was read when it was
// added.
func keyCount(c store.Client) int {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	_ = json.Unmarshal(c.JWKS, &set) // empty: none
	return len(set.Keys)
}

// clientJSON is a client for programs. The secret is left out where there is
// none to show.
func clientJSON(c store.Client, secret string) map[string]any {
	secrets := make([]map[string]any, len(c.Secrets))
	for i, s := range c.Secrets {
		secrets[i] = map[string]any{"id": s.ID, "created_at": s.CreatedAt.UTC()}
		if !s.Expires.IsZero() {
			secrets[i]["expires_at"] = s.Expires.UTC()
		}
	}
	shown := map[string]any{
		"client_id": c.ID, "name": c.Name, "users": c.Users, "service": c.Service,
		"scopes": append([]string{}, c.Scopes...), "all_scopes": c.AllScopes,
		"audiences": append([]string{}, c.Audiences...), "serves": append([]string{}, c.Serves...),
		"certificate_bound": c.CertificateBound, "keys": keyCount(c), "secrets": secrets, "disabled": !c.DisabledAt.IsZero(),
	}
	if secret != "" {
		shown["client_secret"] = secret
	}
	return shown
}

// secretRows shows a secret that was just made: the last one of the client.
func secretRows(c store.Client, secret string) [][2]string {
	made, expires := c.Secrets[len(c.Secrets)-1], "never"
	if !made.Expires.IsZero() {
		expires = made.Expires.UTC().Format(time.RFC3339)
	}
	return [][2]string{
		{"secret", secret},
		{"secret id", made.ID},
		{"secret expires", expires},
		{"secrets", strconv.Itoa(len(c.Secrets)) + " of " + strconv.Itoa(authsvc.MaxClientSecrets)},
	}
}
