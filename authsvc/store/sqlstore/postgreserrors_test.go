package sqlstore

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
)

type state string

func (s state) Error() string    { return "driver error" }
func (s state) SQLState() string { return string(s) }

// What is tried again whenever it is met, what only where nothing was changed,
// and what never.
func TestPostgresErrors(t *testing.T) {
	t.Parallel()
	f, err := PostgreSQL.fragments()
	if err != nil {
		t.Fatal(err)
	}
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	reset := &net.OpError{Op: "read", Err: syscall.ECONNRESET}
	for _, test := range []struct {
		name        string
		err         error
		transient   bool
		lost        bool
		unexplained bool
	}{
		{name: "serialization failure", err: state("40001"), transient: true, unexplained: true},
		{name: "deadlock", err: state("40P01"), transient: true, unexplained: true},
		{name: "lock timeout", err: state("55P03"), transient: true, unexplained: true},
		{name: "starting up", err: state("57P03"), transient: true},
		{name: "no connection left", err: state("53300"), transient: true},
		{name: "nothing sent", err: driver.ErrBadConn, transient: true, unexplained: true},
		{name: "nobody listens", err: refused, transient: true, lost: true},
		{name: "terminated", err: state("57P01"), lost: true},
		{name: "crashed", err: state("57P02"), lost: true},
		{name: "connection failure", err: state("08006"), lost: true},
		{name: "reset", err: reset, lost: true},
		{name: "the stream ended", err: io.ErrUnexpectedEOF, lost: true},
		{name: "no answer to the commit", err: errCommitLost, lost: true},
		{name: "wrong password", err: state("28P01")},
		{name: "no such database", err: state("3D000")},
		{name: "read-only", err: state("25006")},
		{name: "no right", err: state("42501")},
		{name: "disk full", err: state("53100")},
		{name: "no such table", err: state("42P01")},
		{name: "corrupted", err: state("XX001")},
		{name: "statement timeout", err: state("57014")},
		{name: "duplicate key", err: state("23505"), unexplained: true},
		{name: "something else", err: errors.New("something else"), unexplained: true},
	} {
		wrapped := fmt.Errorf("driver: %w", test.err)
		if f.transient(wrapped) != test.transient || f.lost(wrapped) != test.lost {
			t.Errorf("%s: transient %t, lost %t", test.name, f.transient(wrapped), f.lost(wrapped))
		}
		if got := f.explain(wrapped); (got == "") != test.unexplained {
			t.Errorf("%s: explained as %q", test.name, got)
		}
		r := newRunner(f)
		if got := r.again(undone{wrapped}); got != (test.transient || test.lost) {
			t.Errorf("%s: tried again %t where nothing was changed", test.name, got)
		}
		if got := r.again(wrapped); got != test.transient {
			t.Errorf("%s: tried again %t where something may have been changed", test.name, got)
		}
	}
}
