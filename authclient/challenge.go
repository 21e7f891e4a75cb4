package authclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// ChallengeError means that the password was right and that the server wants
// a second factor. It is found by errors.As in what [Login],
// [Session.Reauthenticate] and Answer return: ask the user, then Answer.
//
// It is safe for concurrent use. However it is printed, logged or encoded, it
// shows its two fields at most.
type ChallengeError struct {
	// Method is what the server asks for, such as "totp".
	Method string
	// Expires is when the challenge ends, by this machine's clock. The server
	// decides.
	Expires time.Time

	// answer holds the challenge's token, which so can't be printed.
	answer func(ctx context.Context, response string) (*Session, error)
}

// newChallenge reads an answer to a request that was sent at sent. The next
// request goes out by send.
func newChallenge(c *grpcauthv1.Challenge, sent time.Time, send func(context.Context, *grpcauthv1.ChallengeAnswer) (*Session, error)) *ChallengeError {
	return &ChallengeError{
		Method:  c.GetMethod(),
		Expires: sent.Add(c.GetExpiresIn().AsDuration()),
		answer: func(ctx context.Context, response string) (*Session, error) {
			return send(ctx, &grpcauthv1.ChallengeAnswer{Token: c.GetToken(), Response: response})
		},
	}
}

// Answer sends what the user gave, such as the six digits of a TOTP, and ends
// what was begun: it gives the session of the [Login], with all of its
// options, or the Session that has been reauthenticated, which is the same
// one as before.
//
// Errors are those of the method that was begun; another *ChallengeError when
// the server wants still more. INVALID_CREDENTIALS is a wrong response, a
// challenge that has expired, or one that was answered already. After a wrong
// response the same challenge can be answered again until it expires. If the
// answer of the server is lost on its way, begin anew.
func (e *ChallengeError) Answer(ctx context.Context, response string) (*Session, error) {
	if e.answer == nil {
		return nil, errors.New("authclient: a challenge that no server sent can't be answered: use the one that Login or Reauthenticate returned")
	}
	return e.answer(ctx, response)
}

// Error names the method that was asked for.
func (e *ChallengeError) Error() string {
	return fmt.Sprintf("authclient: the server asks for a second factor (%q): call Answer of this ChallengeError with what the user gives", e.Method)
}

// Format prints the same as Error, whatever the verb.
func (e *ChallengeError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// LogValue logs the same as Error.
func (e *ChallengeError) LogValue() slog.Value { return slog.StringValue(e.Error()) }
