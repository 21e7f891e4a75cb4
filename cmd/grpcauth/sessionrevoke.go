package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// reasonByOperator is the reason of sessions that the operator ended.
const reasonByOperator = "ended by the operator"

type sessionRevokeCmd struct {
	ID   []string `arg:"" optional:"" name:"session" help:"The ids of sessions."`
	User string   `placeholder:"NAME" help:"End every session of this user. A login that is under way fails too."`
	JSON bool     `name:"json" help:"Print JSON, a line for each session or the user."`

	Storage storeFlag `embed:""`
	Sources sources   `embed:""`
}

// Help is shown below the summary of the command.
func (*sessionRevokeCmd) Help() string {
	return `It takes effect at once for refreshes and for the calls of this server. Access tokens live on for some minutes at services that don't ask it about revocation.`
}

// Run ends the sessions.
func (c *sessionRevokeCmd) Run(ctx context.Context, p *process) error {
	if (c.User == "") == (len(c.ID) == 0) {
		return errors.New("which sessions: give either their ids, or a user with --user")
	}
	for _, id := range c.ID {
		if err := checkSessionID(id); err != nil {
			return err
		}
	}
	return c.Storage.use(ctx, func(st store.Store) error {
		if c.User != "" {
			return c.revokeUser(ctx, p, st)
		}
		for _, id := range c.ID {
			if err := c.revoke(ctx, p, st, id); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *sessionRevokeCmd) revokeUser(ctx context.Context, p *process, st store.Store) error {
	u, err := findUser(ctx, st, c.User)
	if err != nil {
		return err
	}
	if err := st.RaiseSubject(ctx, u.Subject, reasonByOperator, changed("sessions_revoked", u, reasonByOperator)); err != nil {
		return err
	}
	if c.JSON {
		return p.printJSON(map[string]any{"subject": u.Subject, "username": u.Username, "revoked": "all"})
	}
	_, err = fmt.Fprintf(p.stdout, "every session of %s has ended\n", visible(u.Username))
	return err
}

// errEnded leaves a session as it is.
var errEnded = errors.New("it has ended already")

// revoke ends one. One that has ended already is no failure.
func (c *sessionRevokeCmd) revoke(ctx context.Context, p *process, st store.Store, id string) error {
	err := st.UpdateSession(ctx, id, func(now time.Time, s *store.Session) error {
		if !s.RevokedAt.IsZero() {
			return errEnded
		}
		s.RevokedAt, s.Reason = now, reasonByOperator
		s.Log = append(s.Log, store.Entry{
			Kind: "session_revoked", Actor: operator, Subject: s.Subject, ClientID: s.ClientID, SessionID: s.ID, Reason: reasonByOperator,
		})
		return nil
	})
	ended := errors.Is(err, errEnded)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return noSession(id)
	case err != nil && !ended:
		return err
	case c.JSON:
		return p.printJSON(map[string]any{"session": id, "revoked": !ended})
	case ended:
		_, err = fmt.Fprintf(p.stdout, "%s had ended already\n", id)
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s has ended\n", id)
	return err
}
