package authsvc

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store"
)

// What an administrator of the built-in users has besides their own.
const (
	adminScope = reservedScope + "admin"
	adminRole  = "admin"
)

// builtin is the users of the Store, with argon2id passwords.
type builtin struct {
	users  store.Users
	hasher *password.Hasher
	log    *slog.Logger
}

func newBuiltin(users store.Users, log *slog.Logger) (*builtin, error) {
	hasher, err := password.NewHasher(password.Config{})
	if err != nil {
		return nil, err
	}
	return &builtin{users: users, hasher: hasher, log: log}, nil
}

// authenticate costs one hash whoever is asked for: nobody, a disabled user,
// one with another password, or one whose stored hash is none. All are answered
// alike; of the last only our log tells. Whom it was, if anybody, comes beside
// the refusal.
func (d *builtin) authenticate(ctx context.Context, c Credentials) (Identity, error) {
	user, err := d.find(ctx, c.Username)
	if errors.Is(err, store.ErrNotFound) || err == nil && !user.DisabledAt.IsZero() {
		return Identity{Subject: user.Subject}, d.nobody(ctx, c.Password)
	}
	if err != nil {
		return Identity{}, err
	}
	ok, outdated, err := d.hasher.Verify(ctx, user.PasswordHash, c.Password)
	if errors.Is(err, password.ErrEncoding) {
		d.log.LogAttrs(ctx, slog.LevelError, "password_unusable", slog.String("subject", user.Subject), slog.String("cause", err.Error()))
		return Identity{Subject: user.Subject}, d.nobody(ctx, c.Password)
	}
	if err != nil {
		return Identity{Subject: user.Subject}, err
	}
	if !ok {
		return Identity{Subject: user.Subject}, ErrInvalidCredentials
	}
	if outdated {
		return d.rehash(ctx, user, c)
	}
	return provenBy(user)
}

// find takes a name as it was typed, and else in its one spelling. The first
// way is for users who were stored before names were normalized.
func (d *builtin) find(ctx context.Context, typed string) (store.User, error) {
	user, err := d.users.UserByName(ctx, typed)
	if !errors.Is(err, store.ErrNotFound) {
		return user, err
	}
	name, invalid := NormalizeUsername(typed)
	if invalid != nil || name == typed {
		return store.User{}, err
	}
	return d.users.UserByName(ctx, name)
}

// rehash brings a hash up to today's cost while the password is at hand. If
// somebody was quicker, what they stored is checked anew: another login's hash
// of the same password, or a new password. While too many wait for a hash it is
// left to the next login.
func (d *builtin) rehash(ctx context.Context, user store.User, c Credentials) (Identity, error) {
	hash, err := d.hasher.Hash(ctx, c.Password)
	if errors.Is(err, password.ErrBusy) {
		return provenBy(user)
	}
	if err != nil {
		return Identity{}, err
	}
	err = d.users.Rehash(ctx, user.Subject, user.PasswordHash, hash)
	if errors.Is(err, store.ErrStale) {
		return d.authenticate(ctx, c)
	}
	if err != nil {
		return Identity{}, err
	}
	user.PasswordHash = hash
	return provenBy(user)
}

// provenBy is a user whose password was right (RFC 8176 §2).
func provenBy(user store.User) (Identity, error) {
	id, err := identityOf(user)
	id.AMR = []string{"pwd"}
	return id, err
}

// nobody takes as long as a wrong password does.
func (d *builtin) nobody(ctx context.Context, password string) error {
	if err := d.hasher.VerifyNone(ctx, password); err != nil {
		return err
	}
	return ErrInvalidCredentials
}

func (d *builtin) load(ctx context.Context, subject string) (Identity, error) {
	user, err := d.users.UserBySubject(ctx, subject)
	if errors.Is(err, store.ErrNotFound) {
		return Identity{}, ErrGone
	}
	if err != nil {
		return Identity{}, err
	}
	return d.renew(ctx, subject, user)
}

func (*builtin) renew(_ context.Context, subject string, kept store.User) (Identity, error) {
	if kept.Subject != subject || !kept.DisabledAt.IsZero() {
		return Identity{}, ErrGone
	}
	return identityOf(kept)
}

// change gives the user another password, if the one that was proven still
// stands when it is done, and ends all of their sessions. It gives the user's
// new version.
func (d *builtin) change(ctx context.Context, proven Identity, password string, log store.Entry) (version string, err error) {
	user, err := d.users.UserBySubject(ctx, proven.Subject)
	if err != nil {
		return "", err
	}
	if versionOf(user.PasswordHash) != proven.Version {
		return "", errChanged
	}
	hash, err := d.hasher.Hash(ctx, password)
	if err != nil {
		return "", err
	}
	return versionOf(hash), d.users.ChangePassword(ctx, user.Subject, user.PasswordHash, hash, log)
}

// versionOf tells one password hash from another.
func versionOf(hash string) string {
	version := sha256.Sum256([]byte(hash))
	return string(version[:])
}

// identityOf refuses a user whose tokens would pass for a client's. Only the
// Store itself, or what was imported into it, can hold one.
func identityOf(u store.User) (Identity, error) {
	if strings.HasPrefix(u.Subject, clientSubject) {
		return Identity{}, fmt.Errorf("authsvc: the Store has a user with the subject %q: a user's must not begin with %q, which is for clients", u.Subject, clientSubject)
	}
	id := Identity{
		Subject:  u.Subject,
		Username: u.Username,
		Scopes:   u.Scopes,
		Roles:    u.Roles,
		Version:  versionOf(u.PasswordHash),
	}
	if u.Admin {
		id.Scopes = unique(append([]string{adminScope}, u.Scopes...))
		id.Roles = unique(append([]string{adminRole}, u.Roles...))
	}
	return id, nil
}
