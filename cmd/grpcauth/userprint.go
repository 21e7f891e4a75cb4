package main

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// userOutput is how users are printed.
type userOutput struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// userJSON is a user for programs.
type userJSON struct {
	Subject    string     `json:"subject"`
	Username   string     `json:"username"`
	Admin      bool       `json:"admin"`
	Scopes     []string   `json:"scopes"`
	Roles      []string   `json:"roles"`
	CreatedAt  *time.Time `json:"created_at"`
	DisabledAt *time.Time `json:"disabled_at"`
}

func newUserJSON(u store.User) any {
	return userJSON{
		Subject: u.Subject, Username: u.Username, Admin: u.Admin,
		Scopes: append([]string{}, u.Scopes...), Roles: append([]string{}, u.Roles...),
		CreatedAt: stamp(u.CreatedAt), DisabledAt: stamp(u.DisabledAt),
	}
}

// show prints one user, with a line for each of their properties.
func (o userOutput) show(p *process, u store.User) error {
	if o.JSON {
		return p.printJSON(newUserJSON(u))
	}
	t := p.table()
	t.row("subject", u.Subject)
	t.row("username", u.Username)
	t.row("scopes", strings.Join(u.Scopes, " "))
	t.row("roles", strings.Join(u.Roles, " "))
	t.row("admin", yesNo(u.Admin))
	t.row("created", moment(u.CreatedAt))
	t.row("disabled", moment(u.DisabledAt))
	return t.flush()
}

// showAll prints a line for each user.
func (o userOutput) showAll(p *process, users iter.Seq2[store.User, error]) error {
	return sheet[store.User]{
		head: []string{"USERNAME", "SUBJECT", "ADMIN", "CREATED", "DISABLED", "SCOPES", "ROLES"},
		cells: func(u store.User) []string {
			return []string{
				u.Username, u.Subject, yesNo(u.Admin), moment(u.CreatedAt), moment(u.DisabledAt),
				strings.Join(u.Scopes, " "), strings.Join(u.Roles, " "),
			}
		},
		json: newUserJSON,
	}.show(p, o.JSON, users)
}

// users is every user by name.
func users(ctx context.Context, st store.Store) iter.Seq2[store.User, error] {
	return paged(
		func(after string) ([]store.User, error) { return st.Users(ctx, after, pageSize) },
		func(u store.User) string { return u.Username })
}
