package sqlstore

import (
	"fmt"
	"time"
)

// statements is the SQL in which the dialects differ, put together once.
type statements struct {
	now, create, replace, rotate, lockSession, raise string
	sessionsOf, lockSubject, lockClient, shareClient string
	raiseClient, revokeAll, lockAttempt, know        string
	nextEntry                                        string
	sweeps                                           []sweep
}

// sessionColumns is every column of session that the record has, in the order
// that sessionValues and scanSession keep.
const sessionColumns = `id, client_id, subject, scope, audiences,
	gen, cur_hash, prev_hash, rotated_at, sealed_successor, replays, replayed_gens,
	auth_time, amr, idle_expires, expires, revoked_at, reason, label, rotation_key_hash, keyed, last_address, cnf, created_at, last_seen`

const selectSession = `SELECT ` + sessionColumns + ` FROM session WHERE id = $1`

// selectRenewal reads what a refresh asks for. The counters of client and
// subject count as 1 until they were raised; where the user is another
// service's, nothing of the user is NULL either.
const selectRenewal = `SELECT session.id, session.client_id, session.subject, scope, audiences, gen, auth_time, amr, session.expires, revoked_at, cnf,
	(SELECT counter FROM ledger WHERE one = 1),
	coalesce((SELECT counter FROM client_counter WHERE client_id = session.client_id), 1),
	coalesce((SELECT counter FROM subject WHERE subject = session.subject), 1),
	coalesce(users.subject, ''), coalesce(username, ''), coalesce(password_hash, ''), coalesce(scopes, ''), coalesce(roles, ''),
	coalesce(admin, FALSE), coalesce(disabled_at, 0), coalesce(users.created_at, 0)
	FROM session LEFT JOIN users ON users.subject = session.subject
	WHERE session.id = $1`

// updateSession writes all that a session's life can change.
const updateSession = `UPDATE session SET scope = $2, audiences = $3,
	gen = $4, cur_hash = $5, prev_hash = $6, rotated_at = $7, sealed_successor = $8, replays = $9, replayed_gens = $10,
	auth_time = $11, amr = $12, idle_expires = $13, expires = $14, revoked_at = $15, reason = $16, label = $17,
	rotation_key_hash = $18, keyed = $19, last_address = $20, last_seen = $21
	WHERE id = $1`

func newStatements(f fragments) statements {
	return statements{
		now: `SELECT ` + f.now,

		// The subject's row is locked against RaiseSubject until the insert
		// is committed. A raise that came first leaves no row to select from.
		create: `INSERT INTO session (` + sessionColumns + `)
			SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25
			FROM subject WHERE subject = $3 AND counter = $26` + f.share + ` ON CONFLICT DO NOTHING`,

		rotate: fmt.Sprintf(`UPDATE session SET
			prev_hash = cur_hash, cur_hash = $2, gen = gen + 1, rotated_at = %[1]s, sealed_successor = $3,
			replayed_gens = CASE WHEN replays = 0 THEN 0 ELSE replayed_gens END, replays = 0,
			idle_expires = %[2]s(%[1]s + $4, expires), last_seen = %[1]s,
			rotation_key_hash = $9, keyed = (keyed OR $10), last_address = $12
			WHERE id = $5 AND gen = $6 AND cur_hash = $7 AND client_id = $8 AND cnf = $11 AND ($10 OR NOT keyed)
			AND revoked_at = 0 AND idle_expires > %[1]s AND expires > %[1]s`, f.now, f.least),

		lockSubject: `SELECT counter FROM subject WHERE subject = $1` + f.share,

		replace: fmt.Sprintf(`UPDATE session SET revoked_at = %[1]s, reason = $2 WHERE id = $3 AND subject = $4
			AND revoked_at = 0 AND idle_expires > %[1]s AND expires > %[1]s`, f.now),

		sessionsOf: fmt.Sprintf(`SELECT `+sessionColumns+` FROM session WHERE subject = $2 AND id > $3
			AND revoked_at = 0 AND idle_expires > %[1]s AND expires > %[1]s ORDER BY id LIMIT $4`, f.now),

		sweeps: newSweeps(f),

		lockSession: selectSession + f.exclusive,

		// Whoever locks several sessions does so by id, so that no two wait
		// for each other.
		raiseClient: `UPDATE session SET revoked_at = ` + f.now + `, reason = $2 WHERE id IN
			(SELECT id FROM session WHERE client_id = $3 AND revoked_at = 0 ORDER BY id` + f.exclusive + `)`,
		revokeAll: `UPDATE session SET revoked_at = ` + f.now + `, reason = $2 WHERE id IN
			(SELECT id FROM session WHERE revoked_at = 0 ORDER BY id` + f.exclusive + `)`,
		lockClient:  selectClient + ` WHERE id = $1` + f.exclusive,
		shareClient: `SELECT disabled_at FROM client WHERE id = $1` + f.share,

		// A row is locked and made where there is none in one statement:
		// between two, Forgive could delete it. The time is read after that.
		lockAttempt: `INSERT INTO attempt (key, n, last_at, free_at) VALUES ($2, 0, 0, 0)
			ON CONFLICT (key) DO UPDATE SET n = attempt.n RETURNING n, last_at, free_at, ` + f.now,
		// A day more or less is not worth a write at each login.
		know: fmt.Sprintf(`INSERT INTO known (key, expires) VALUES ($3, %s + $2)
			ON CONFLICT (key) DO UPDATE SET expires = excluded.expires WHERE known.expires < excluded.expires - %d`,
			f.now, (24 * time.Hour).Microseconds()),

		nextEntry: `UPDATE ledger SET audit_seq = audit_seq + 1 WHERE one = 1 RETURNING audit_seq, ` + f.now,

		raise: `UPDATE session SET revoked_at = ` + f.now + `, reason = $2 WHERE id IN
			(SELECT id FROM session WHERE subject = $3 AND revoked_at = 0 ORDER BY id` + f.exclusive + `)`,
	}
}
