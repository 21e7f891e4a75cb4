package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store"
)

// users is the application's own table. What the AuthService wants to know of
// it are the functions below.
type users struct {
	db     *sql.DB
	hasher *password.Hasher
}

// row is what the table says of a user.
type row struct {
	id           int64
	email, hash  string
	isEd, active bool
}

const columns = `SELECT id, email, password_hash, is_editor, is_active FROM users `

func (u *users) row(ctx context.Context, query string, key any) (r row, err error) {
	err = u.db.QueryRowContext(ctx, columns+query, key).Scan(&r.id, &r.email, &r.hash, &r.isEd, &r.active)
	return r, err
}

func (r row) subject() string { return strconv.FormatInt(r.id, 10) }

func (r row) identity() authsvc.Identity {
	version := sha256.Sum256([]byte(r.hash))
	id := authsvc.Identity{
		Subject:  r.subject(),
		Username: r.email,
		Scopes:   []string{"notes.read"},
		Version:  hex.EncodeToString(version[:]), // another hash, another version
	}
	if r.isEd {
		id.Scopes, id.Roles = append(id.Scopes, "notes.write"), []string{"editor"}
	}
	return id
}

// Authenticate checks a password against the hash that is there, of bcrypt at
// first and of argon2id after the first login.
func (u *users) Authenticate(ctx context.Context, c authsvc.Credentials) (authsvc.Identity, error) {
	email, err := authsvc.NormalizeUsername(c.Username)
	if err != nil {
		return u.nobody(ctx, authsvc.Identity{}, c.Password)
	}
	r, err := u.row(ctx, `WHERE email = ?`, email)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !r.active {
		return u.nobody(ctx, r.known(), c.Password)
	}
	if err != nil {
		return authsvc.Identity{}, err // told as UNAVAILABLE
	}
	right, rehash, err := u.hasher.Verify(ctx, r.hash, c.Password)
	if err != nil {
		return authsvc.Identity{}, err
	}
	if !right {
		return r.known(), authsvc.ErrInvalidCredentials
	}
	if rehash {
		if r.hash, err = u.rehash(ctx, r, c.Password); err != nil {
			return authsvc.Identity{}, err
		}
	}
	return r.identity(), nil
}

// known is whom the audit record shall name beside a refusal.
func (r row) known() authsvc.Identity {
	if r.id == 0 {
		return authsvc.Identity{}
	}
	return authsvc.Identity{Subject: r.subject()}
}

// nobody takes as long as a wrong password does.
func (u *users) nobody(ctx context.Context, known authsvc.Identity, password string) (authsvc.Identity, error) {
	if err := u.hasher.VerifyNone(ctx, password); err != nil {
		return authsvc.Identity{}, err
	}
	return known, authsvc.ErrInvalidCredentials
}

// rehash replaces an old hash while the password is at hand, unless somebody
// was quicker: then the old one's version is refused, and the next try is right.
func (u *users) rehash(ctx context.Context, r row, password string) (string, error) {
	hash, err := u.hasher.Hash(ctx, password)
	if err != nil {
		return "", err
	}
	_, err = u.db.ExecContext(ctx, `UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?`, hash, r.id, r.hash)
	return hash, err
}

// Load says who a subject is now: at every login and every refresh.
func (u *users) Load(ctx context.Context, subject string) (authsvc.Identity, error) {
	r, err := u.row(ctx, `WHERE id = ?`, subject)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !r.active {
		return authsvc.Identity{}, authsvc.ErrGone
	}
	if err != nil {
		return authsvc.Identity{}, err
	}
	return r.identity(), nil
}

// Claims puts the plan a user pays for into their access tokens.
func (u *users) Claims(ctx context.Context, id authsvc.Identity, _ string) (map[string]any, error) {
	var plan string
	err := u.db.QueryRowContext(ctx, `SELECT plan FROM users WHERE id = ?`, id.Subject).Scan(&plan)
	return map[string]any{"plan": plan}, err
}

// Audit copies what happens to accounts into a table of the application. The
// service's own record is in its store.
func (u *users) Audit(ctx context.Context, e store.Entry) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_, _ = u.db.ExecContext(ctx, `INSERT INTO security_events (at, kind, user_id, client, address) VALUES (?, ?, ?, ?, ?)`,
		e.At.UTC().Format(time.RFC3339), e.Kind, e.Subject, e.ClientID, e.Address)
}

// SetPassword is what the application's own form does: the hash first, then the
// sessions. A login that is checking the old password meanwhile is refused.
func (u *users) SetPassword(ctx context.Context, sessions store.Subjects, id int64, text string) error {
	if err := password.Check(text); err != nil {
		return err
	}
	hash, err := u.hasher.Hash(ctx, text)
	if err != nil {
		return err
	}
	if _, err := u.db.ExecContext(ctx, `UPDATE users SET password_hash = ? WHERE id = ?`, hash, id); err != nil {
		return err
	}
	subject := row{id: id}.subject()
	return sessions.RaiseSubject(ctx, subject, store.ReasonPassword, store.Entry{Kind: "password_changed", Actor: subject, Subject: subject})
}
