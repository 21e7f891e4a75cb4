package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/token"
)

// userCmd is what is done about people at the database itself, beside servers
// that run or before one ever did.
type userCmd struct {
	Add      userAddCmd      `cmd:"" help:"Add a user who may log in."`
	List     userListCmd     `cmd:"" help:"List the users."`
	Show     userShowCmd     `cmd:"" help:"Show a user."`
	Disable  userDisableCmd  `cmd:"" help:"End a user's sessions and let nobody log in as them."`
	Enable   userEnableCmd   `cmd:"" help:"Let a user who was disabled log in again."`
	Password userPasswordCmd `cmd:"" help:"Give a user another password, and end their sessions."`
}

// userAddCmd adds a user.
type userAddCmd struct {
	Name  string   `arg:"" help:"The name the user logs in with."`
	Scope []string `placeholder:"SCOPE" help:"A scope the user may be granted. Repeat the flag, or separate scopes by commas."`
	Role  []string `placeholder:"ROLE" help:"A role the user has. Repeat the flag, or separate roles by commas."`
	Admin bool     `help:"Make the user an administrator of the auth server: their tokens carry the scope grpcauth.admin and the role admin, for every service. The first one can be made in no other way."`

	NewPassword passwordFlag `embed:""`
	Output      userOutput   `embed:""`
	Storage     storeFlag    `embed:""`
	Sources     sources      `embed:""`
}

// Help is shown below the summary of the command.
func (*userAddCmd) Help() string {
	return passwordHelp + ` Upper case letters of the name become lower ones; it may be typed in any case.`
}

// Run adds the user and prints who it is.
func (c *userAddCmd) Run(ctx context.Context, p *process) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	hash, err := c.NewPassword.hash(ctx, p)
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
	entry := store.Entry{Kind: "user_added", Actor: operator, Subject: user.Subject}
	if c.Admin {
		entry.Reason = "as an administrator"
	}
	if err := st.AddUser(ctx, user, entry); errors.Is(err, store.ErrExists) {
		return fmt.Errorf("there is a user %q already: choose another name", c.Name)
	} else if err != nil {
		return err
	}
	return c.Output.show(p, user)
}

const passwordHelp = `The password is asked for twice, or read from stdin, and never given as a flag: others on the machine can see those. It must have at least 8 characters and not be one of the most used.`

// passwordFlag is shared by the commands that set a password.
type passwordFlag struct {
	PasswordStdin bool `help:"Read the password as one line from stdin. It is read from there anyway when that is no terminal."`
}

// hash reads the password and makes its hash.
func (f passwordFlag) hash(ctx context.Context, p *process) (string, error) {
	secret, err := p.newPassword(f.PasswordStdin)
	if err != nil {
		return "", err
	}
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
