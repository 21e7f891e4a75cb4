package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

type userListCmd struct {
	Output  userOutput `embed:""`
	Storage storeFlag  `embed:""`
	Sources sources    `embed:""`
}

// Run lists the users by name.
func (c *userListCmd) Run(ctx context.Context, p *process) error {
	return c.Storage.use(ctx, func(st store.Store) error {
		return c.Output.showAll(p, users(ctx, st))
	})
}

// oneUser is the flags of the commands about one user.
type oneUser struct {
	Name    string     `arg:"" help:"The name of the user, in any case, or the subject."`
	Output  userOutput `embed:""`
	Storage storeFlag  `embed:""`
	Sources sources    `embed:""`
}

// do runs fn with the user and prints the user as it is then.
func (c oneUser) do(ctx context.Context, p *process, fn func(store.Store, store.User) error) error {
	return c.Storage.use(ctx, func(st store.Store) error {
		u, err := findUser(ctx, st, c.Name)
		if err != nil {
			return err
		}
		if err := fn(st, u); err != nil {
			return err
		}
		if u, err = st.UserBySubject(ctx, u.Subject); err != nil {
			return err
		}
		return c.Output.show(p, u)
	})
}

type userShowCmd struct {
	User oneUser `embed:""`
}

// Run prints the user.
func (c *userShowCmd) Run(ctx context.Context, p *process) error {
	return c.User.do(ctx, p, func(store.Store, store.User) error { return nil })
}

type userDisableCmd struct {
	User oneUser `embed:""`
}

// Help is shown below the summary of the command.
func (*userDisableCmd) Help() string {
	return `The last administrator who is not disabled can't be: make another one first. Access tokens that the user has live on for some minutes at services that don't ask this server about revocation.`
}

// Run disables the user and ends their sessions.
func (c *userDisableCmd) Run(ctx context.Context, p *process) error {
	return c.User.do(ctx, p, func(st store.Store, u store.User) error {
		err := st.SetDisabled(ctx, u.Subject, true, changed("user_disabled", u, store.ReasonDisabled))
		if errors.Is(err, store.ErrLastAdmin) {
			return fmt.Errorf("%+q is the last administrator: make another one first, with grpcauth user add --admin", u.Username)
		}
		return err
	})
}

type userEnableCmd struct {
	User oneUser `embed:""`
}

// Run enables the user.
func (c *userEnableCmd) Run(ctx context.Context, p *process) error {
	return c.User.do(ctx, p, func(st store.Store, u store.User) error {
		return st.SetDisabled(ctx, u.Subject, false, changed("user_enabled", u, ""))
	})
}

type userPasswordCmd struct {
	NewPassword passwordFlag `embed:""`
	User        oneUser      `embed:""`
}

// Help is shown below the summary of the command.
func (*userPasswordCmd) Help() string { return passwordHelp }

// Run sets the password and ends the sessions of the user.
func (c *userPasswordCmd) Run(ctx context.Context, p *process) error {
	return c.User.do(ctx, p, func(st store.Store, u store.User) error {
		hash, err := c.NewPassword.hash(ctx, p)
		if err != nil {
			return err
		}
		return st.SetPassword(ctx, u.Subject, hash, changed("password_changed", u, store.ReasonPassword))
	})
}

// changed is the line of the audit record about what the operator did to a
// user.
func changed(kind string, u store.User, reason string) store.Entry {
	return store.Entry{Kind: kind, Actor: operator, Subject: u.Subject, Reason: reason}
}
