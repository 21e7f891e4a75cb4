package sqlstore

import (
	"context"
	"database/sql"
)

// prepared are the statements of a refresh and of a call's revocation check:
// SQLite takes longer to parse one of them than to run it. database/sql
// prepares them once on each connection.
type prepared struct {
	rotate, renewal, counters, standing, userBySubject *sql.Stmt
}

// prepare prepares them. Closing the database closes them.
func prepare(ctx context.Context, db *sql.DB, text statements) (p prepared, err error) {
	for _, s := range []struct {
		stmt **sql.Stmt
		text string
	}{
		{&p.rotate, text.rotate},
		{&p.renewal, selectRenewal},
		{&p.counters, selectCounters},
		{&p.standing, selectStanding},
		{&p.userBySubject, selectUserBySubject},
	} {
		*s.stmt, err = db.PrepareContext(ctx, s.text) //nolint:sqlclosecheck // with the database
		if err != nil {
			return p, err
		}
	}
	return p, nil
}
