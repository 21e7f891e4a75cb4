package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

const (
	userColumns = `subject, username, password_hash, scopes, roles, admin, disabled_at, created_at`

	insertUser = `INSERT INTO users (` + userColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`

	selectUser = `SELECT ` + userColumns + ` FROM users `

	selectUserByName    = selectUser + `WHERE username = $1`
	selectUserBySubject = selectUser + `WHERE subject = $1`
)

// AddUser implements [store.Users].
func (s *Store) AddUser(ctx context.Context, u store.User, log ...store.Entry) error {
	return s.tx(ctx, "add user", func(ctx context.Context, tx *sql.Conn) error {
		err := one(tx.ExecContext(ctx, insertUser,
			u.Subject, u.Username, u.PasswordHash, listIn(u.Scopes), listIn(u.Roles), u.Admin,
			timeIn(u.DisabledAt), timeIn(u.CreatedAt)))(store.ErrExists)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, log)
	})
}

// UserByName implements [store.Users].
func (s *Store) UserByName(ctx context.Context, username string) (store.User, error) {
	return s.user(ctx, func(ctx context.Context) *sql.Row { return s.db.QueryRowContext(ctx, selectUserByName, username) })
}

// UserBySubject implements [store.Users].
func (s *Store) UserBySubject(ctx context.Context, subject string) (store.User, error) {
	return s.user(ctx, func(ctx context.Context) *sql.Row { return s.ready.userBySubject.QueryRowContext(ctx, subject) })
}

func (s *Store) user(ctx context.Context, query func(context.Context) *sql.Row) (u store.User, err error) {
	err = s.read(ctx, "read user", func(ctx context.Context) (err error) {
		u, err = scanUser(query(ctx))
		return err
	})
	return u, err
}

// SetPassword implements [store.Users].
func (s *Store) SetPassword(ctx context.Context, subject, hash string, log ...store.Entry) error {
	return s.setPassword(ctx, subject, store.ErrNotFound, log,
		`UPDATE users SET password_hash = $1 WHERE subject = $2`, hash, subject)
}

// ChangePassword implements [store.Users].
func (s *Store) ChangePassword(ctx context.Context, subject, old, hash string, log ...store.Entry) error {
	return s.setPassword(ctx, subject, store.ErrStale, log,
		`UPDATE users SET password_hash = $1 WHERE subject = $2 AND password_hash = $3`, hash, subject, old)
}

// setPassword is otherwise, unless the statement sets the password of a user.
func (s *Store) setPassword(ctx context.Context, subject string, otherwise error, log []store.Entry, statement string, args ...any) error {
	return s.tx(ctx, "set password", func(ctx context.Context, tx *sql.Conn) error {
		// Whether there is such a user is known before the counter is raised,
		// whose event is the last thing but the entries.
		if err := one(tx.ExecContext(ctx, statement, args...))(otherwise); err != nil {
			return err
		}
		if err := s.raise(ctx, tx, subject, store.ReasonPassword); err != nil {
			return err
		}
		return s.record(ctx, tx, log)
	})
}

// SetDisabled implements [store.Users].
func (s *Store) SetDisabled(ctx context.Context, subject string, disabled bool, log ...store.Entry) error {
	return s.tx(ctx, "disable user", func(ctx context.Context, tx *sql.Conn) error {
		if disabled {
			if err := s.leaveAdmin(ctx, tx, subject); err != nil {
				return err
			}
		}
		u, err := scanUser(tx.QueryRowContext(ctx, selectUser+`WHERE subject = $1`+s.exclusive, subject))
		if err != nil || disabled == !u.DisabledAt.IsZero() {
			return err
		}
		var at time.Time
		if disabled {
			if at, err = s.time(ctx, tx); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE users SET disabled_at = $1 WHERE subject = $2`, timeIn(at), subject); err != nil {
			return err
		}
		if disabled {
			if err := s.raise(ctx, tx, subject, store.ReasonDisabled); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, log)
	})
}

// leaveAdmin fails when subject is the last administrator. It locks all of
// them: of two who are disabled at once, the second sees that the first is.
func (s *Store) leaveAdmin(ctx context.Context, tx *sql.Conn, subject string) error {
	rows, err := tx.QueryContext(ctx, selectUser+`WHERE admin AND disabled_at = 0 ORDER BY subject`+s.exclusive)
	admins, err := collect(rows, err, scanUser)
	if err == nil && len(admins) == 1 && admins[0].Subject == subject {
		return settled{store.ErrLastAdmin}
	}
	return err
}

// Rehash implements [store.Users].
func (s *Store) Rehash(ctx context.Context, subject, old, hash string) error {
	return s.write(ctx, "rehash password", func(ctx context.Context) error {
		n, err := affected(s.db.ExecContext(ctx,
			`UPDATE users SET password_hash = $1 WHERE subject = $2 AND password_hash = $3`, hash, subject, old))
		if err != nil {
			return err
		}
		if n != 1 {
			return settled{store.ErrStale}
		}
		return nil
	})
}

// Users implements [store.Users].
func (s *Store) Users(ctx context.Context, after string, limit int) (page []store.User, err error) {
	err = s.read(ctx, "list users", func(ctx context.Context) error {
		rows, err := s.db.QueryContext(ctx, selectUser+`WHERE username > $1 ORDER BY username LIMIT $2`, after, max(limit, 0))
		page, err = collect(rows, err, scanUser)
		return err
	})
	return page, err
}
