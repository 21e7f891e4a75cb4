package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// sessionCmd is what is done about sessions at the database itself.
type sessionCmd struct {
	List   sessionListCmd   `cmd:"" help:"List the sessions of a user, or show one by its id."`
	Revoke sessionRevokeCmd `cmd:"" help:"End sessions by their ids, or all of a user."`
}

type sessionListCmd struct {
	Name string `arg:"" optional:"" help:"The name of the user, in any case, or the subject. Their open sessions are listed."`
	ID   string `name:"id" placeholder:"SESSION" help:"Show this session instead, even one that has ended."`
	JSON bool   `name:"json" help:"Print JSON, a line for each session."`

	Storage storeFlag `embed:""`
	Sources sources   `embed:""`
}

// Run prints the sessions.
func (c *sessionListCmd) Run(ctx context.Context, p *process) error {
	if (c.Name == "") == (c.ID == "") {
		return errors.New("whose sessions: name either a user, or a session with --id")
	}
	return c.Storage.use(ctx, func(st store.Store) error {
		if c.ID != "" {
			s, err := findSession(ctx, st, c.ID)
			if err != nil {
				return err
			}
			return printSessions(p, c.JSON, func(yield func(store.Session, error) bool) { yield(s, nil) })
		}
		u, err := findUser(ctx, st, c.Name)
		if err != nil {
			return err
		}
		return printSessions(p, c.JSON, sessionsOf(ctx, st, u.Subject))
	})
}

// sessionsOf is every standing session of a subject.
func sessionsOf(ctx context.Context, st store.Store, subject string) iter.Seq2[store.Session, error] {
	return paged(
		func(after string) ([]store.Session, error) { return st.SessionsOf(ctx, subject, after, pageSize) },
		func(s store.Session) string { return s.ID })
}

func findSession(ctx context.Context, st store.Store, id string) (store.Session, error) {
	if err := checkSessionID(id); err != nil {
		return store.Session{}, err
	}
	s, err := st.Session(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return s, noSession(id)
	}
	return s, err
}

func noSession(id string) error {
	return fmt.Errorf("there is no session %s, or it has expired", id)
}

func checkSessionID(id string) error {
	if raw, err := base64.RawURLEncoding.DecodeString(id); err != nil || len(raw) != 16 {
		return fmt.Errorf("%.40q is no id of a session: it has 22 characters, see grpcauth session list", id)
	}
	return nil
}

// sessionJSON is a session for programs, without what tokens are checked by.
type sessionJSON struct {
	ID            string     `json:"id"`
	Subject       string     `json:"subject"`
	ClientID      string     `json:"client_id"`
	Label         string     `json:"label"`
	Scopes        []string   `json:"scopes"`
	Audiences     []string   `json:"audiences"`
	CreatedAt     *time.Time `json:"created_at"`
	AuthTime      *time.Time `json:"auth_time"`
	LastSeen      *time.Time `json:"last_seen"`
	LastAddress   string     `json:"last_address"`
	IdleExpiresAt *time.Time `json:"idle_expires_at"`
	ExpiresAt     *time.Time `json:"expires_at"`
	RevokedAt     *time.Time `json:"revoked_at"`
	Reason        string     `json:"reason"`
}

func printSessions(p *process, asJSON bool, sessions iter.Seq2[store.Session, error]) error {
	return sheet[store.Session]{
		head: []string{"SESSION", "CLIENT", "LABEL", "CREATED", "LAST SEEN", "FROM", "ENDS UNLESS REFRESHED", "ENDED", "SCOPES"},
		cells: func(s store.Session) []string {
			return []string{
				s.ID, s.ClientID, s.Label, moment(s.CreatedAt), moment(s.LastSeen), s.LastAddress, moment(s.IdleExpires),
				strings.TrimSpace(moment(s.RevokedAt) + " " + s.Reason), strings.Join(s.Scopes, " "),
			}
		},
		json: func(s store.Session) any {
			return sessionJSON{
				ID: s.ID, Subject: s.Subject, ClientID: s.ClientID, Label: s.Label,
				Scopes: append([]string{}, s.Scopes...), Audiences: append([]string{}, s.Audiences...),
				CreatedAt: stamp(s.CreatedAt), AuthTime: stamp(s.AuthTime), LastSeen: stamp(s.LastSeen), LastAddress: s.LastAddress,
				IdleExpiresAt: stamp(s.IdleExpires), ExpiresAt: stamp(s.Expires), RevokedAt: stamp(s.RevokedAt), Reason: s.Reason,
			}
		},
	}.show(p, asJSON, sessions)
}
