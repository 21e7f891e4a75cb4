package authclient_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// A user whose password is not enough, and who mistypes the code at first.
func ExampleChallengeError() {
	authConn, stop := exampleAuthConn()
	defer stop()
	ctx := context.Background()
	typed := []string{"287028", "287082"}
	ask := func(method string) (code string) {
		code, typed = typed[0], typed[1:]
		fmt.Println("your "+method+" code:", code)
		return code
	}

	session, err := authclient.Login(ctx, authConn, "grace", "nanosecond")
	challenge, more := errors.AsType[*authclient.ChallengeError](err)
	for more {
		session, err = challenge.Answer(ctx, ask(challenge.Method))
		more = authclient.Reason(err) == grpcauthv1.Reason_REASON_INVALID_CREDENTIALS
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()
	fmt.Println(session)
	// Output:
	// your totp code: 287028
	// your totp code: 287082
	// authclient.Session{redacted}
}

// A login of long ago asks for both factors once more. The session is the same
// one afterwards.
func ExampleChallengeError_Answer() {
	authConn, stop := exampleAuthConn()
	defer stop()
	ctx := context.Background()
	_, err := authclient.Login(ctx, authConn, "grace", "nanosecond")
	challenge, ok := errors.AsType[*authclient.ChallengeError](err)
	if !ok {
		fmt.Println(err)
		return
	}
	session, err := challenge.Answer(ctx, "287082")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()

	err = session.Reauthenticate(ctx, "nanosecond")
	if challenge, ok := errors.AsType[*authclient.ChallengeError](err); ok {
		fmt.Println(challenge)
		_, err = challenge.Answer(ctx, "287082")
	}
	fmt.Println(err)
	// Output:
	// authclient: the server asks for a second factor ("totp"): call Answer of this ChallengeError with what the user gives
	// <nil>
}
