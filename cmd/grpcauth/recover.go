package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// reasonRecovered is the reason of sessions that ended by recover.
const reasonRecovered = "the database was restored from a backup"

type recoverCmd struct {
	Yes     bool   `help:"Do it without asking."`
	JSON    bool   `name:"json" help:"Print JSON."`
	KeyFile string `group:"Storage and keys:" placeholder:"PATH" help:"The key file of serve. The server keeps beside it, in a file that ends in .seen, how far it has seen the database come. Recover reads that file and writes the new epoch into it; without one it makes none. Default: grpcauth.key beside a SQLite file."`

	Storage storeFlag `embed:""`
	Sources sources   `embed:""`
}

// Help is shown below the summary of the command.
func (*recoverCmd) Help() string {
	return `After a backup was restored, and before anything is served from it: what was revoked, rotated and changed since the backup is not known any more. Recover ends every session, makes every access token out of date that asks this server, and has refresh tokens made with another key. Everybody logs in again. Users, passwords, clients and signing keys are those of the backup: disable again who was disabled since.

Stop every server first; one that runs ends when it notices.`
}

// Run recovers the database.
func (c *recoverCmd) Run(ctx context.Context, p *process) error {
	return c.Storage.use(ctx, func(st store.Store) error {
		plan, err := c.plan(ctx, st)
		if err != nil {
			return err
		}
		if err := c.confirm(p, plan); err != nil {
			return err
		}
		epoch, err := recoverBeyond(ctx, st, plan.To)
		if err != nil {
			return err
		}
		if err := plan.note(ctx, st); err != nil {
			return fmt.Errorf("%s is recovered (epoch %d), but that could not be written down: %w", c.Storage, epoch, err)
		}
		if c.JSON {
			return p.printJSON(map[string]any{"store": c.Storage.name(), "epoch": epoch, "sessions_ended": plan.Sessions})
		}
		_, err = fmt.Fprintf(p.stdout, "%s is recovered: epoch %d, sessions ended: %d\n", c.Storage, epoch, plan.Sessions)
		return err
	})
}

// plan is what recover will do.
type plan struct {
	From, To int64  // epochs
	Sessions int    // that stand, of the users
	was      seen   // by a server, if anything
	seenPath string // where that is kept
}

// note has the servers know the new epoch from their next start on, so that the
// backup can't be put back a second time without notice. Where no server has
// written anything down there is no file to correct.
func (p plan) note(ctx context.Context, st store.Store) error {
	if p.was.Epoch == 0 {
		return nil
	}
	now, err := look(ctx, st, p.was.KeyID)
	if err != nil {
		return err
	}
	return now.write(p.seenPath)
}

// plan reads the database. The epoch goes beyond the one that a server has
// seen, so that nothing from the lost past fits by chance when a backup is
// restored twice.
func (c *recoverCmd) plan(ctx context.Context, st store.Store) (plan, error) {
	ledger, err := st.Ledger(ctx)
	if err != nil {
		return plan{}, err
	}
	planned := plan{From: ledger.Epoch, To: ledger.Epoch + 1}
	if path := c.Storage.keyPath(c.KeyFile); path != "" {
		planned.seenPath = seenPath(path)
		if planned.was, err = readSeen(planned.seenPath); err != nil {
			return plan{}, err
		}
		planned.To = max(planned.To, planned.was.Epoch+1)
	}
	planned.Sessions, err = countSessions(ctx, st)
	return planned, err
}

func countSessions(ctx context.Context, st store.Store) (n int, err error) {
	for u, err := range users(ctx, st) {
		if err != nil {
			return 0, err
		}
		for _, err := range sessionsOf(ctx, st, u.Subject) {
			if err != nil {
				return 0, err
			}
			n++
		}
	}
	return n, nil
}

// recoverBeyond recovers until the epoch is at least to, and gives the epoch.
func recoverBeyond(ctx context.Context, st store.Store, to int64) (int64, error) {
	for {
		err := st.Recover(ctx, reasonRecovered, store.Entry{Kind: "recovered", Actor: operator, Reason: reasonRecovered})
		if err != nil {
			return 0, err
		}
		ledger, err := st.Ledger(ctx)
		if err != nil || ledger.Epoch >= to {
			return ledger.Epoch, err
		}
	}
}

// confirm shows the plan and asks, unless the answer was given.
func (c *recoverCmd) confirm(p *process, plan plan) error {
	_, _ = fmt.Fprintf(p.stderr, "%s: every session ends (open now: %d), every access token made before is refused, and refresh tokens get a new key (epoch %d to %d).\n",
		c.Storage, plan.Sessions, plan.From, plan.To)
	if c.Yes {
		return nil
	}
	terminal, ok := p.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) {
		return errors.New("no terminal to ask on: add --yes")
	}
	_, _ = fmt.Fprint(p.stderr, `Type "recover" to go on: `)
	line, err := bufio.NewReader(io.LimitReader(terminal, 1024)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(line) != "recover" {
		return errors.New("cancelled: nothing was changed")
	}
	return nil
}
