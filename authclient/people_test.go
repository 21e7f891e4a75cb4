package authclient_test

import (
	"context"

	"github.com/grpcauth/grpcauth/authsvc"
)

// authenticate knows ada by her password, and grace by hers, a code, and a
// word that she was sent.
func authenticate(ctx context.Context, c authsvc.Credentials) (authsvc.Identity, error) {
	switch {
	case c.Challenge != nil:
		return further(ctx, c.Challenge)
	case c.Username == "ada" && c.Password == "correct horse":
		return load(ctx, "u-1815")
	case c.Username == "grace" && c.Password == "nanosecond":
		return asked(ctx, "totp")
	default:
		return authsvc.Identity{}, authsvc.ErrInvalidCredentials
	}
}

func further(ctx context.Context, c *authsvc.ChallengeAnswer) (authsvc.Identity, error) {
	switch c.Method + " " + c.Response {
	case "totp 287082":
		return asked(ctx, "mail")
	case "mail moth":
		return load(ctx, "u-1906")
	default:
		return authsvc.Identity{Subject: "u-1906"}, authsvc.ErrInvalidCredentials
	}
}

// asked is grace, who has more to prove.
func asked(ctx context.Context, method string) (authsvc.Identity, error) {
	grace, err := load(ctx, "u-1906")
	if err == nil {
		err = &authsvc.ChallengeError{Method: method}
	}
	return grace, err
}

func load(_ context.Context, subject string) (authsvc.Identity, error) {
	name, known := map[string]string{"u-1815": "ada", "u-1906": "grace"}[subject]
	if !known {
		return authsvc.Identity{}, authsvc.ErrGone
	}
	return authsvc.Identity{Subject: subject, Username: name, Scopes: []string{"notes.read"}}, nil
}
