package main

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// auditCmd is about the record of what matters to security.
type auditCmd struct {
	List auditListCmd `cmd:"" help:"List what was done, by whom and from where."`
}

type auditListCmd struct {
	User   string `placeholder:"NAME" help:"Only what this user did and what was done to them. A name in any case, or the subject."`
	Client string `placeholder:"ID" help:"Only what names this client."`
	Kind   string `placeholder:"KIND" help:"Only this kind of those that grpcauth writes, such as login, refresh_reused or password_changed."`
	Since  string `placeholder:"TIME" help:"Only from then on: how long ago, such as 24h, or a time, such as 2026-01-31 or 2026-01-31T08:00:00Z."`
	JSON   bool   `name:"json" help:"Print JSON, a line for each entry."`

	Storage storeFlag `embed:""`
	Sources sources   `embed:""`
}

// Help is shown below the summary of the command.
func (*auditListCmd) Help() string {
	return `The oldest come first. Entries are kept for 90 days. Failures of the same kind are added up for an hour. The kinds are ` +
		kindNames() + `; docs/operating.md says what each is.`
}

func kindNames() string { return strings.Join(store.Kinds(), ", ") }

// Run prints the entries.
func (c *auditListCmd) Run(ctx context.Context, p *process) error {
	if c.Kind != "" && !slices.Contains(store.Kinds(), c.Kind) {
		return fmt.Errorf("--kind %.40q is no kind that grpcauth writes: use one of %s; or list without --kind, which shows what other programs have written too", c.Kind, kindNames())
	}
	since, err := parseSince(c.Since, time.Now())
	if err != nil {
		return err
	}
	return c.Storage.use(ctx, func(st store.Store) error {
		wanted := func(e store.Entry) bool {
			return !e.At.Before(since) && (c.Kind == "" || e.Kind == c.Kind) && (c.Client == "" || e.ClientID == c.Client)
		}
		if c.User != "" {
			u, err := findUser(ctx, st, c.User)
			if err != nil {
				return err
			}
			others := wanted
			wanted = func(e store.Entry) bool {
				return others(e) && (e.Subject == u.Subject || e.Actor == u.Subject)
			}
		}
		return printEntries(p, c.JSON, matching(entries(ctx, st), wanted))
	})
}

// parseSince reads a time, or how long before now it was. Without text it is
// the beginning.
func parseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("--since %.40q is no time: write how long ago, such as 24h, or when, such as 2026-01-31 or 2026-01-31T08:00:00Z", text)
}

// entries is the whole audit record, the oldest first.
func entries(ctx context.Context, st store.Store) iter.Seq2[store.Entry, error] {
	return paged(
		func(after int64) ([]store.Entry, error) { return st.Entries(ctx, after, pageSize) },
		func(e store.Entry) int64 { return e.Seq })
}

// matching is those entries that are wanted.
func matching(entries iter.Seq2[store.Entry, error], wanted func(store.Entry) bool) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		for e, err := range entries {
			if (err != nil || wanted(e)) && !yield(e, err) {
				return
			}
		}
	}
}

// entryJSON is an entry for programs.
type entryJSON struct {
	Seq          int64     `json:"seq"`
	At           time.Time `json:"at"`
	Kind         string    `json:"kind"`
	Actor        string    `json:"actor"`
	Subject      string    `json:"subject"`
	ClientID     string    `json:"client_id"`
	SessionID    string    `json:"session_id"`
	Address      string    `json:"address"`
	OtherAddress string    `json:"other_address"`
	Reason       string    `json:"reason"`
	Count        int       `json:"count"`
}

func printEntries(p *process, asJSON bool, entries iter.Seq2[store.Entry, error]) error {
	return sheet[store.Entry]{
		head: []string{"SEQ", "TIME", "KIND", "TIMES", "ACTOR", "SUBJECT", "CLIENT", "SESSION", "FROM", "BEFORE FROM", "REASON"},
		cells: func(e store.Entry) []string {
			return []string{
				strconv.FormatInt(e.Seq, 10), moment(e.At), e.Kind, strconv.Itoa(max(e.Count, 1)), e.Actor, e.Subject,
				e.ClientID, e.SessionID, e.Address, e.OtherAddress, e.Reason,
			}
		},
		json: func(e store.Entry) any {
			return entryJSON{
				Seq: e.Seq, At: e.At.UTC(), Kind: e.Kind, Actor: e.Actor, Subject: e.Subject, ClientID: e.ClientID, SessionID: e.SessionID,
				Address: e.Address, OtherAddress: e.OtherAddress, Reason: e.Reason, Count: max(e.Count, 1),
			}
		},
	}.show(p, asJSON, entries)
}
