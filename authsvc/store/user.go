package store

import (
	"context"
	"time"
)

// ReasonPassword is the reason of sessions that ended by SetPassword.
const ReasonPassword = "the password was changed"

// ReasonDisabled is the reason of sessions that ended by SetDisabled.
const ReasonDisabled = "the account was disabled"

// User is an account of the built-in user table.
type User struct {
	// Subject is the user's random id. It never changes and is never given to
	// somebody else.
	Subject string
	// Username is the name the user signs in with, compared byte by byte.
	Username string
	// PasswordHash is the encoded hash (package password).
	PasswordHash string `json:"-"`
	// Scopes is what the user may be granted.
	Scopes []string
	// Roles is what the user is.
	Roles []string
	// Admin: the user administers the auth server. Their tokens carry the
	// scope grpcauth.admin and the role admin.
	Admin bool
	// DisabledAt is when the account was disabled; zero while it is not.
	DisabledAt time.Time
	// CreatedAt is when the account was made.
	CreatedAt time.Time
}

// Users keeps the built-in accounts. It is not used where the application
// brings its own.
type Users interface {
	// AddUser inserts u. ErrExists when its Username or its Subject is taken.
	AddUser(ctx context.Context, u User, log ...Entry) error

	// UserByName finds the user who signs in as username, or ErrNotFound.
	UserByName(ctx context.Context, username string) (User, error)

	// UserBySubject finds the user with that id, or ErrNotFound.
	UserBySubject(ctx context.Context, subject string) (User, error)

	// SetPassword replaces the password hash, raises the subject's counter
	// and revokes every standing session of the subject with
	// [ReasonPassword]: all or nothing. ErrNotFound when there is no such
	// user.
	SetPassword(ctx context.Context, subject, hash string, log ...Entry) error

	// ChangePassword is SetPassword while the password hash still is old.
	// ErrStale when the hash is another one by now, or when there is no such
	// user.
	ChangePassword(ctx context.Context, subject, old, hash string, log ...Entry) error

	// SetDisabled disables the account, or enables it again. Disabling raises
	// the subject's counter and revokes every standing session of the subject
	// with [ReasonDisabled]: all or nothing. Doing it again changes nothing.
	// ErrNotFound when there is no such user, ErrLastAdmin when no other
	// administrator is left who is not disabled, however many are disabled at
	// once.
	SetDisabled(ctx context.Context, subject string, disabled bool, log ...Entry) error

	// Rehash replaces the password hash while it still is old: the same
	// password, hashed at a higher cost. It ends no session. ErrStale when
	// the hash is another one by now, or when there is no such user.
	Rehash(ctx context.Context, subject, old, hash string) error

	// Users lists at most limit users by Username, in the backend's order of
	// text, those after the one named ("" for the first page). A limit below
	// 1 lists none.
	Users(ctx context.Context, after string, limit int) ([]User, error)
}
