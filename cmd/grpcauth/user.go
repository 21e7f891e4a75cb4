package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/token"
)

type userCmd struct {
	Add userAddCmd `cmd:"" help:"Add a user who may log in."`
}

// userAddCmd adds a user to the database itself, beside a server that runs or
// before one ever did.
type userAddCmd struct {
	Name          string   `arg:"" help:"The name the user logs in with."`
	Scope         []string `placeholder:"SCOPE" help:"A scope the user may be granted. Repeat the flag, or separate scopes by commas."`
	Role          []string `placeholder:"ROLE" help:"A role the user has. Repeat the flag, or separate roles by commas."`
	Admin         bool     `help:"Make the user an administrator of the auth server."`
	PasswordStdin bool     `help:"Read the password as one line from stdin. It is read from there anyway when that is no terminal."`
	JSON          bool     `name:"json" help:"Print the user as JSON."`

	Storage storeFlag `embed:""`
	Sources sources   `embed:""`
}

// Help is shown below the summary of the command.
func (*userAddCmd) Help() string {
	return `The password is asked for twice, or read from stdin, and never given as a flag: others on the machine can see those. It must have at least 8 characters and not be one of the most used. Upper case letters of the name become lower ones; it may be typed in any case.`
}

// Run adds the user and prints who it is.
func (c *userAddCmd) Run(ctx context.Context, p *process) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	secret, err := p.newPassword(c.PasswordStdin)
	if err != nil {
		return err
	}
	hash, err := hashPassword(ctx, secret)
	if err != nil {
		return err
	}
	st, err := c.Storage.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = closed(err, st) }()
	user := store.User{
		Subject: rand.Text(), Username: c.Name, PasswordHash: hash,
		Scopes: c.Scope, Roles: c.Role, Admin: c.Admin, CreatedAt: time.Now(),
	}
	if err := st.AddUser(ctx, user); errors.Is(err, store.ErrExists) {
		return fmt.Errorf("there is a user %q already: choose another name", c.Name)
	} else if err != nil {
		return err
	}
	return c.print(p, user)
}

func hashPassword(ctx context.Context, secret string) (string, error) {
	hasher, err := password.NewHasher(password.Config{})
	if err != nil {
		return "", err
	}
	return hasher.Hash(ctx, secret)
}

// check refuses what could never log in or never be in a token, and spells the
// name as it is compared.
func (c *userAddCmd) check() error {
	if err := checkName("name", c.Name, 256); err != nil {
		return err
	}
	name, err := authsvc.NormalizeUsername(c.Name)
	if err != nil {
		return fmt.Errorf("the name %+q can't be a user's: use letters, digits and ASCII signs, without spaces", c.Name)
	}
	c.Name = name
	for _, scope := range c.Scope {
		if err := checkScope(scope); err != nil {
			return err
		}
	}
	for _, role := range c.Role {
		if err := checkName("role", role, 128); err != nil {
			return err
		}
	}
	return c.Storage.check()
}

func checkName(what, text string, limit int) error {
	switch {
	case text == "":
		return fmt.Errorf("the %s is empty: give one", what)
	case len(text) > limit:
		return fmt.Errorf("the %s has %d bytes: use at most %d", what, len(text), limit)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("the %s %+q holds a control character or is not UTF-8: leave it out", what, text)
	}
	return nil
}

// checkScope holds a scope to the grammar of RFC 6749 §3.3.
func checkScope(scope string) error {
	if len(scope) > 128 || !token.IsScope(scope) {
		return fmt.Errorf("the scope %+q is not 1 to 128 printable ASCII characters without spaces, quotes and backslashes: correct it", scope)
	}
	return nil
}

// print writes JSON for programs or a table for people.
func (c *userAddCmd) print(p *process, u store.User) error {
	if c.JSON {
		return json.NewEncoder(p.stdout).Encode(map[string]any{
			"subject": u.Subject, "username": u.Username, "admin": u.Admin,
			"scopes": append([]string{}, u.Scopes...), "roles": append([]string{}, u.Roles...),
		})
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"subject", u.Subject},
		{"username", u.Username},
		{"scopes", strings.Join(u.Scopes, " ")},
		{"roles", strings.Join(u.Roles, " ")},
		{"admin", yesNo(u.Admin)},
	} {
		_, _ = fmt.Fprintf(table, "%s\t%s\n", row[0], orDash(row[1])) // kept until Flush
	}
	return table.Flush()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
