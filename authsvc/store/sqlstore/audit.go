package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

const auditColumns = `seq, at, kind, actor, subject, client_id, session, address, other_address, reason, failures`

// RecordFailure implements [store.Audit]. The ledger's lock keeps two from
// making the hour's entry at once.
func (s *Store) RecordFailure(ctx context.Context, e store.Entry) error {
	return s.tx(ctx, "record failure", func(ctx context.Context, tx *sql.Conn) error {
		if _, err := tx.ExecContext(ctx, `UPDATE ledger SET seq = seq WHERE one = 1`); err != nil {
			return err
		}
		now, err := s.time(ctx, tx)
		if err != nil {
			return err
		}
		n, err := affected(tx.ExecContext(ctx, `UPDATE audit SET failures = failures + 1, address = $1, reason = $2
			WHERE at >= $3 AND kind = $4 AND subject = $5 AND client_id = $6 AND failures > 0`,
			e.Address, e.Reason, timeIn(now.Truncate(time.Hour)), e.Kind, e.Subject, e.ClientID))
		if err != nil || n > 0 {
			return err
		}
		e.Count = 1
		return s.record(ctx, tx, []store.Entry{e})
	})
}

// Entries implements [store.Audit].
func (s *Store) Entries(ctx context.Context, after int64, limit int) (page []store.Entry, err error) {
	err = s.read(ctx, "list audit", func(ctx context.Context) error {
		rows, err := s.db.QueryContext(ctx, `SELECT `+auditColumns+` FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`, after, max(limit, 0))
		page, err = collect(rows, err, scanEntry)
		return err
	})
	return page, err
}

func scanEntry(row scanner) (e store.Entry, err error) {
	var at int64
	err = row.Scan(&e.Seq, &at, &e.Kind, &e.Actor, &e.Subject, &e.ClientID, &e.SessionID, &e.Address, &e.OtherAddress, &e.Reason, &e.Count)
	e.At = timeOut(at)
	return e, err
}

// record writes entries as a transaction's last step, for it locks the ledger.
func (s *Store) record(ctx context.Context, tx *sql.Conn, log []store.Entry) error {
	for _, e := range log {
		var at int64
		if err := tx.QueryRowContext(ctx, s.text.nextEntry, s.clock()).Scan(&e.Seq, &at); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO audit (`+auditColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			e.Seq, at, e.Kind, e.Actor, e.Subject, e.ClientID, e.SessionID, e.Address, e.OtherAddress, e.Reason, e.Count)
		if err != nil {
			return err
		}
	}
	return nil
}
