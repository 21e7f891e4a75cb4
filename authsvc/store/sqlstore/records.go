package sqlstore

import (
	"database/sql"
	"errors"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// sessionValues is a row of sessionColumns.
func sessionValues(s store.Session) []any {
	changes := sessionChanges(s)
	values := []any{s.ID, s.ClientID, s.Subject}
	values = append(values, changes[1:len(changes)-1]...)
	return append(values, s.Certificate, timeIn(s.CreatedAt), timeIn(s.LastSeen))
}

// sessionChanges is what updateSession takes.
func sessionChanges(s store.Session) []any {
	return []any{
		s.ID, listIn(s.Scopes), listIn(s.Audiences),
		s.Gen, bytesIn(s.CurHash), bytesIn(s.PrevHash), timeIn(s.RotatedAt), bytesIn(s.Sealed), s.Replays, s.ReplayedGens,
		timeIn(s.AuthTime), listIn(s.AMR), timeIn(earlier(s.IdleExpires, s.Expires)), timeIn(s.Expires),
		timeIn(s.RevokedAt), s.Reason, s.Label, bytesIn(s.KeyHash), s.Keyed, s.LastAddress, timeIn(s.LastSeen),
	}
}

func earlier(a, b time.Time) time.Time {
	if a.After(b) {
		return b
	}
	return a
}

// scanner is a row: *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// scanSession reads sessionColumns.
func scanSession(row scanner) (store.Session, error) {
	var s store.Session
	var scopes, audiences, amr string
	var rotated, auth, idle, expires, revoked, created, seen int64
	err := row.Scan(
		&s.ID, &s.ClientID, &s.Subject, &scopes, &audiences,
		&s.Gen, &s.CurHash, &s.PrevHash, &rotated, &s.Sealed, &s.Replays, &s.ReplayedGens,
		&auth, &amr, &idle, &expires, &revoked, &s.Reason, &s.Label, &s.KeyHash, &s.Keyed, &s.LastAddress, &s.Certificate, &created, &seen,
	)
	if err != nil {
		return store.Session{}, found(err)
	}
	s.CurHash, s.PrevHash, s.Sealed, s.KeyHash = bytesOut(s.CurHash), bytesOut(s.PrevHash), bytesOut(s.Sealed), bytesOut(s.KeyHash)
	s.RotatedAt, s.AuthTime, s.IdleExpires, s.Expires = timeOut(rotated), timeOut(auth), timeOut(idle), timeOut(expires)
	s.RevokedAt, s.CreatedAt, s.LastSeen = timeOut(revoked), timeOut(created), timeOut(seen)
	return s, errors.Join(
		listOut(scopes, &s.Scopes), listOut(audiences, &s.Audiences), listOut(amr, &s.AMR))
}

// userRow is a row of userColumns.
type userRow struct {
	user              store.User
	scopes, roles     string
	disabled, created int64
}

func (r *userRow) fields() []any {
	u := &r.user
	return []any{&u.Subject, &u.Username, &u.PasswordHash, &r.scopes, &r.roles, &u.Admin, &r.disabled, &r.created}
}

func (r *userRow) read() (store.User, error) {
	r.user.DisabledAt, r.user.CreatedAt = timeOut(r.disabled), timeOut(r.created)
	err := errors.Join(listOut(r.scopes, &r.user.Scopes), listOut(r.roles, &r.user.Roles))
	return r.user, err
}

func scanUser(row scanner) (store.User, error) {
	var r userRow
	if err := row.Scan(r.fields()...); err != nil {
		return store.User{}, found(err)
	}
	return r.read()
}

// scanRenewal reads selectRenewal.
func scanRenewal(row scanner) (r store.Renewal, err error) {
	var u userRow
	s := &r.Session
	var scopes, audiences, amr string
	var auth, expires, revoked int64
	if err := row.Scan(append([]any{
		&s.ID, &s.ClientID, &s.Subject, &scopes, &audiences, &s.Gen, &auth, &amr, &expires, &revoked, &s.Certificate,
		&r.Counters.All, &r.Counters.Client, &r.Counters.Subject,
	}, u.fields()...)...); err != nil {
		return store.Renewal{}, found(err)
	}
	s.AuthTime, s.Expires, s.RevokedAt = timeOut(auth), timeOut(expires), timeOut(revoked)
	err = errors.Join(listOut(scopes, &s.Scopes), listOut(audiences, &s.Audiences), listOut(amr, &s.AMR))
	if err != nil || u.user.Subject == "" {
		return r, err
	}
	r.User, err = u.read()
	return r, err
}

func scanKey(row scanner) (store.SigningKey, error) {
	var k store.SigningKey
	var created int64
	if err := row.Scan(&k.ID, &k.Algorithm, &k.Sealed, &created); err != nil {
		return store.SigningKey{}, found(err)
	}
	k.Sealed, k.CreatedAt = bytesOut(k.Sealed), timeOut(created)
	return k, nil
}

// found tells that there is no row from what else can go wrong. No row has a
// key that the database can't even hold.
func found(err error) error {
	if errors.Is(err, sql.ErrNoRows) || sqlState(err) == stateNoText {
		return settled{store.ErrNotFound}
	}
	return err
}

// collect scans every row of a query and closes it.
func collect[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []T
	for rows.Next() {
		record, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, record)
	}
	return list, rows.Err()
}
