package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/pressly/goose/v3/database"
)

// Dialect is the SQL a database speaks.
type Dialect int

// The dialects there are.
const (
	// SQLite is SQLite 3.35 or newer in WAL mode, on one host.
	SQLite Dialect = 1
	// PostgreSQL is PostgreSQL 13 or newer, for any number of hosts.
	PostgreSQL Dialect = 2
)

// fragments is all in which the dialects differ.
type fragments struct {
	goose database.Dialect

	// now is the time in microseconds. Where it is used $1 is the store's
	// clock, which a database with a clock of its own is given as NULL.
	now string
	// ownClock: the database has one that all its users share.
	ownClock bool
	// least is the function that gives the smaller of its arguments.
	least string
	// lock ends a SELECT that locks its rows for the transaction: against
	// writers only (share) or against everybody (exclusive).
	share, exclusive string
	// begin starts a transaction that will write.
	begin string
	// hasTable counts the tables called $1.
	hasTable string

	// oneWriter: only one connection can write at a time, so writers are
	// better queued here than in the database.
	oneWriter bool
	// longestPause is the most between two attempts at an operation.
	longestPause time.Duration
	// check refuses a database that is set up to lose what it acknowledged.
	check func(context.Context, *sql.DB) error
	// lock keeps other processes from migrating until unlock is called. nil
	// where the database sorts that out itself.
	lock func(context.Context, *sql.DB) (unlock func(), err error)
	// transient: nothing was changed, and the same statement may well succeed
	// when it is run again.
	transient func(error) bool
	// lost: the connection is gone. Whether the statement took effect is not
	// known.
	lost func(error) bool
	// explain says in a person's words what a driver's error means and what
	// to do, or nothing.
	explain func(error) string
}

func (d Dialect) fragments() (fragments, error) {
	switch d {
	case SQLite:
		return sqliteFragments(), nil
	case PostgreSQL:
		return postgresFragments(), nil
	}
	return fragments{}, fmt.Errorf("sqlstore: unknown dialect %d, use sqlstore.SQLite or sqlstore.PostgreSQL", d)
}
