package sqlstore

import (
	"fmt"

	"github.com/pressly/goose/v3/database"
)

// Dialect is the SQL a database speaks.
type Dialect int

// The dialects there are.
const (
	// SQLite is SQLite 3.35 or newer in WAL mode, on one host.
	SQLite Dialect = 1
)

// fragments is all in which the dialects differ.
type fragments struct {
	goose database.Dialect

	// now is the time in microseconds. Where it is used $1 is the store's
	// clock, which a database with a clock of its own may be given as NULL.
	now string
	// least is the function that gives the smaller of its arguments.
	least string
	// lock ends a SELECT that locks its rows for the transaction: against
	// writers only (share) or against everybody (exclusive).
	share, exclusive string
	// begin starts a transaction that will write.
	begin string

	// oneWriter: only one connection can write at a time, so writers are
	// better queued here than in the database.
	oneWriter bool
	// transient: the same statement may well succeed when it is run again.
	transient func(error) bool
	// explain says in a person's words what a driver's error means and what
	// to do, or nothing.
	explain func(error) string
}

func (d Dialect) fragments() (fragments, error) {
	if d == SQLite {
		return fragments{
			goose:     database.DialectSQLite3,
			now:       "$1",
			least:     "min",
			begin:     "BEGIN IMMEDIATE", // locks the whole database, so no row needs a lock
			oneWriter: true,
			transient: sqliteBusy,
			explain:   sqliteExplain,
		}, nil
	}
	return fragments{}, fmt.Errorf("sqlstore: unknown dialect %d, use sqlstore.SQLite", d)
}
