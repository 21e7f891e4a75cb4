package authsvc

import (
	"fmt"
	"io"
	"log/slog"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// What the functions of a Config answer with, alone or wrapped.
var (
	// ErrInvalidCredentials: there is no such user, or the password or the
	// answer to a challenge is wrong. Which of them is told to nobody.
	ErrInvalidCredentials = fault.New(grpcauthv1.Reason_REASON_INVALID_CREDENTIALS, "authsvc: invalid credentials")

	// ErrGone: the user does not exist any more, or may not be logged in.
	ErrGone = fault.New(grpcauthv1.Reason_REASON_USER_NOT_FOUND, "authsvc: the user is gone")
)

// Credentials is what a user logs in with, or proves once more who they are. However it is printed, logged or
// made JSON, it shows the client only.
type Credentials struct {
	// Username is the name as it was typed, not empty and at most 256 bytes.
	// [NormalizeUsername] makes one spelling of it.
	Username string `json:"-"`
	// Password is not empty and has at most 1024 bytes, unless a challenge is
	// answered.
	Password string `json:"-"`
	// Challenge is the answer to the ChallengeError that was returned for the
	// right password of Username, else nil. Password is empty then.
	Challenge *ChallengeAnswer `json:"-"`
	// ClientID is the client the user logs in by; it is a known one.
	ClientID string
}

// Format prints the client only, whatever the verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.text()) }

// LogValue logs the client only.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.text()) }

func (c Credentials) text() string { return "authsvc.Credentials{client=" + c.ClientID + "}" }

// Identity is a user as the Service sees them.
type Identity struct {
	// Subject is the user's id, the `sub` of their tokens. It never changes
	// and is never given to somebody else, so it is not their name or their
	// email address. Required.
	Subject string

	// Username is the name they log in with, by which Reauthenticate asks for
	// their password, and what GetUserInfo calls them. It is not in the token.
	Username string

	// Scopes is what the user may be granted. Those that begin with
	// "grpcauth." open the services of this module; they come from the
	// Store's own users, and are dropped from what your functions return.
	Scopes []string

	// Roles is what the user is; all of them go into every token.
	Roles []string

	// Claims are more claims for the access token. A name that has a meaning
	// already ("sub", "scope") fails the call and is logged.
	Claims map[string]any

	// AMR is how the user has proven who they are (RFC 8176 §2), such as "pwd"
	// for a password, and with "otp" beside it for a code from their phone. What
	// Authenticate returns is in the `amr` of the session's tokens, after every
	// refresh too; what Load returns here is not read. An empty entry fails the
	// call and is logged. Empty: the tokens don't tell.
	AMR []string

	// Version is any text that changes when the user's credentials do, such
	// as a digest of the password's hash or the time it was set. It is optional.
	//
	// A login that is checking the old password must not succeed once the
	// password was changed and the user's sessions were ended (with RaiseSubject
	// of the Store). RaiseSubject sees to that by itself, however long
	// Authenticate takes: a login that began before it is refused, to be begun
	// anew. With a version, which Authenticate and Load then both return, a
	// login is refused for a password that has changed even before RaiseSubject
	// was called.
	Version string
}
