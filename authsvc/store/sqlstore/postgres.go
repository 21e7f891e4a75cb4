package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/pressly/goose/v3/database"
)

func postgresFragments() fragments {
	return fragments{
		goose: database.DialectPostgres,
		// clock_timestamp(), unlike now(), goes on while a transaction waits
		// for a lock. Its double has the microseconds right until 2242, and is
		// worked out faster than the numeric that extract gives.
		now:       "coalesce($1::bigint, (date_part('epoch', clock_timestamp()) * 1000000)::bigint)",
		ownClock:  true,
		least:     "least",
		share:     " FOR SHARE",
		exclusive: " FOR UPDATE",
		// Each statement sees what was committed before it, whatever the
		// database's default.
		begin:        "BEGIN ISOLATION LEVEL READ COMMITTED",
		hasTable:     "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1",
		longestPause: 250 * time.Millisecond, // many servers may be waiting for one to come back
		check:        checkPostgres,
		lock:         lockPostgres,
		transient:    postgresTransient,
		lost:         postgresLost,
		explain:      postgresExplain,
	}
}

// checkPostgres refuses a database that would lose a rotation that was
// answered, or that takes no changes.
func checkPostgres(ctx context.Context, db *sql.DB) error {
	var synchronous, readOnly string
	err := db.QueryRowContext(ctx, `SELECT current_setting('synchronous_commit'), current_setting('transaction_read_only')`).
		Scan(&synchronous, &readOnly)
	switch {
	case err != nil:
		return err
	case synchronous == "off":
		return settled{errors.New("sqlstore: synchronous_commit is off, so a crash would forget refresh tokens that were answered and log people out: " +
			"set it to on for this role or database (ALTER ROLE ... SET synchronous_commit = on)")}
	case readOnly == "on":
		return errReadOnly{}
	}
	return nil
}

// errReadOnly is what PostgreSQL answers a change with where there can be
// none.
type errReadOnly struct{}

func (errReadOnly) Error() string    { return "transaction_read_only is on" }
func (errReadOnly) SQLState() string { return stateReadOnly }

// migrationLock is the key of our advisory lock: any number that nobody else
// takes in the same database.
const migrationLock = 0x67727063_61757468 // "grpcauth"

// lockPostgres takes the lock in a session of its own, which ends with it. It
// needs a connection beside the one that migrates.
func lockPostgres(ctx context.Context, db *sql.DB) (unlock func(), err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	unlock = func() {
		discard(conn)
		_ = conn.Close()
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

// SQLSTATE codes (https://www.postgresql.org/docs/current/errcodes-appendix.html).
const (
	stateNoText       = "22021" // a byte that text can't have
	stateReadOnly     = "25006"
	stateSerialize    = "40001"
	stateDeadlock     = "40P01"
	stateNotAllowed   = "42501"
	stateDiskFull     = "53100"
	stateTooMany      = "53300"
	stateNoLock       = "55P03"
	stateTimeout      = "57014"
	stateShutdown     = "57P01"
	stateCrash        = "57P02"
	stateStarting     = "57P03"
	stateNoDatabase   = "3D000"
	stateNoTable      = "42P01"
	stateNoColumn     = "42703"
	classLogin        = "28"
	classConnection   = "08"
	stateCorrupt      = "XX001"
	stateIndexCorrupt = "XX002"
)

// sqlState is the SQLSTATE in a driver's error, or "". It asks for the method
// only, so that no driver is linked here.
func sqlState(err error) string {
	var coded interface{ SQLState() string }
	if !errors.As(err, &coded) {
		return ""
	}
	return coded.SQLState()
}

// postgresTransient: the database rolled the statement back, or never got it.
func postgresTransient(err error) bool {
	switch sqlState(err) {
	case stateSerialize, stateDeadlock, stateNoLock, stateStarting, stateTooMany:
		return true
	}
	return errors.Is(err, driver.ErrBadConn) || unreached(err)
}

// unreached: there was no connection to begin with.
func unreached(err error) bool {
	dialed, ok := errors.AsType[*net.OpError](err)
	return ok && dialed.Op == "dial"
}

func postgresLost(err error) bool {
	state := sqlState(err)
	switch {
	case state == stateShutdown, state == stateCrash, strings.HasPrefix(state, classConnection):
		return true
	case state != "":
		return false
	}
	_, network := errors.AsType[*net.OpError](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

func postgresExplain(err error) string {
	state := sqlState(err)
	switch state {
	case stateReadOnly:
		return "the database takes no changes: name the primary, or turn default_transaction_read_only off"
	case stateNotAllowed:
		return "the role lacks a right, grant it CREATE and USAGE on the schema and all on its tables"
	case stateDiskFull:
		return "the disk of the database is full, make room"
	case stateTooMany:
		return "the database has no connection left, raise its max_connections or run fewer servers"
	case stateTimeout:
		return "the database ended the statement, raise its statement_timeout"
	case stateShutdown, stateCrash, stateStarting:
		return "the database is being stopped or started"
	case stateNoDatabase:
		return "there is no such database, create it"
	case stateNoTable, stateNoColumn:
		return "the schema is not the one this program made, restore a backup"
	case stateCorrupt, stateIndexCorrupt:
		return "the database is corrupted, restore a backup"
	case stateNoText:
		return "PostgreSQL keeps no text with a NUL byte"
	}
	switch {
	case strings.HasPrefix(state, classLogin):
		return "the database refuses the role or its password, check both"
	case unreached(err):
		return "the database can't be reached, check its address and that it runs"
	case postgresLost(err):
		return "the connection to the database was lost"
	}
	return ""
}
