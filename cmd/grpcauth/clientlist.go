package main

import (
	"context"
	"iter"
	"strings"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// clientListCmd lists the clients that are in the database.
type clientListCmd struct {
	Output  clientOutput `embed:""`
	Storage storeFlag    `embed:""`
	Sources sources      `embed:""`
}

// Help is shown below the summary of the command.
func (*clientListCmd) Help() string {
	return `As JSON, a line for each. The client "default", which requests mean that name none, is built into the server and not listed.`
}

// Run prints them by their ids.
func (c *clientListCmd) Run(ctx context.Context, p *process) error {
	return c.Storage.use(ctx, func(st store.Store) error {
		return sheet[store.Client]{
			head: []string{"ID", "NAME", "FOR", "SCOPES", "AUDIENCES", "SERVES", "SECRETS", "KEYS", "DISABLED"},
			cells: func(c store.Client) []string {
				return []string{
					c.ID, c.Name, clientFor(c), clientScopes(c), clientAudiences(c), strings.Join(c.Serves, " "),
					secretIDs(c), keyCount(c), moment(c.DisabledAt),
				}
			},
			json: func(c store.Client) any { return newClientJSON(c, "") },
		}.show(p, c.Output.JSON, clients(ctx, st))
	})
}

// clients is every client by id.
func clients(ctx context.Context, st store.Store) iter.Seq2[store.Client, error] {
	return paged(
		func(after string) ([]store.Client, error) { return st.Clients(ctx, after, pageSize) },
		func(c store.Client) string { return c.ID })
}
