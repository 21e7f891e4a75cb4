package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// tx runs op in a transaction that is committed if op returns nil and rolled
// back otherwise. op may run more than once.
//
// It speaks BEGIN itself, because database/sql has no word for a transaction
// that locks at once.
func (s *Store) tx(ctx context.Context, what string, op func(context.Context, *sql.Conn) error) error {
	return s.write(ctx, what, func(ctx context.Context) error {
		conn, err := s.db.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }() // gives it back to the pool
		if _, err := conn.ExecContext(ctx, s.begin); err != nil {
			// Unless the database said no it may have begun all the same,
			// and ctx ended after.
			if !s.transient(err) {
				discard(conn)
			}
			return undone{err}
		}
		return s.finish(ctx, conn, op)
	})
}

// patient is s with the time for what changes a row of every session there is,
// or of a client that everybody uses: half a million take some seconds.
func (s *Store) patient() *Store {
	patient := *s
	patient.patience = bulkPatience
	return &patient
}

// finish runs op and commits. Whatever else happens, a panic in op too, the
// transaction is over and the connection clean when it returns.
func (s *Store) finish(ctx context.Context, conn *sql.Conn, op func(context.Context, *sql.Conn) error) error {
	// What has been decided is carried out, however impatient the caller,
	// but nobody waits for ever for a database that does not answer.
	anyway, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.patience)
	defer cancel()
	over := false
	defer func() {
		if over {
			return
		}
		if _, err := conn.ExecContext(anyway, "ROLLBACK"); err != nil {
			discard(conn)
		}
	}()
	if err := op(ctx, conn); err != nil {
		return undone{err}
	}
	_, err := conn.ExecContext(anyway, "COMMIT")
	over = err == nil
	if errors.Is(err, driver.ErrBadConn) {
		// By the word of database/sql nothing was sent then. pgx says the
		// same when the answer was lost, and the commit may have been made.
		return errCommitLost
	}
	return err
}

// errCommitLost is not tried again: what it did is not known.
var errCommitLost = fmt.Errorf("the answer to the commit was lost: %w", io.ErrUnexpectedEOF)

// discard closes the connection for good, which ends what it had begun.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
}
