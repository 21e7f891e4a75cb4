package authsvc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/token"
)

// directory knows the users. It answers with an Identity that can be used as
// it is, with ErrInvalidCredentials, a ChallengeError or ErrGone, or with what
// a client is told.
type directory interface {
	// authenticate gives what it knows of the user also beside an error, for
	// the audit record.
	authenticate(ctx context.Context, c Credentials) (Identity, error)
	load(ctx context.Context, subject string) (Identity, error)
	// renew is load at a refresh. kept is the subject in the Store's user table,
	// read with the session; nobody is the zero User.
	renew(ctx context.Context, subject string, kept store.User) (Identity, error)
}

func newDirectory(cfg Config) (directory, error) {
	switch {
	case cfg.Authenticate != nil:
		return &theirs{cfg: cfg}, nil
	case cfg.Hasher != nil:
		return &builtin{users: cfg.Store, hasher: cfg.Hasher, log: cfg.Logger}, nil
	default:
		return newBuiltin(cfg.Store, cfg.Logger)
	}
}

// theirs asks the functions of the Config, and believes them no more than it
// must.
type theirs struct{ cfg Config }

func (d *theirs) authenticate(ctx context.Context, c Credentials) (Identity, error) {
	id, err := d.cfg.Authenticate(ctx, c)
	var challenge *ChallengeError
	switch {
	case strings.HasPrefix(id.Subject, clientSubject):
		return Identity{}, fmt.Errorf("authsvc: Config.Authenticate returned the subject %q: a user's must not begin with %q, which is for clients", id.Subject, clientSubject)
	case err != nil && !errors.As(err, &challenge):
		return Identity{Subject: id.Subject}, theirError(ctx, "Authenticate", err, ErrInvalidCredentials)
	case id.Subject == "":
		return Identity{}, errors.New("authsvc: Config.Authenticate returned an Identity without a Subject: return ErrInvalidCredentials for an unknown user, and say beside a ChallengeError whom it is for")
	case challenge != nil:
		return id, challenge.check()
	}
	return id, nil
}

func (d *theirs) renew(ctx context.Context, subject string, _ store.User) (Identity, error) {
	return d.load(ctx, subject)
}

func (d *theirs) load(ctx context.Context, subject string) (Identity, error) {
	id, err := d.cfg.Load(ctx, subject)
	if err != nil {
		return Identity{}, theirError(ctx, "Load", err, ErrGone)
	}
	if id.Subject != subject {
		return Identity{}, fmt.Errorf("authsvc: Config.Load(%q) returned the Identity of %q: it must be the same subject", subject, id.Subject)
	}
	return d.clean(ctx, id)
}

// theirError keeps the one answer that is meant as a refusal, and the one of a
// Hasher that has no room. A call that the client has ended is that; anything
// else is an outage, never a refusal.
func theirError(ctx context.Context, function string, err, refusal error) error {
	switch {
	case errors.Is(err, refusal):
		return refusal
	case errors.Is(err, password.ErrBusy):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		err = fmt.Errorf("authsvc: Config.%s: %w", function, err)
		return fault.Because(grpcauthv1.Reason_REASON_USER_UNAVAILABLE, err)
	}
}

// clean drops the scopes that only our own store may give. A malformed scope
// fails the call: "a grpcauth.admin" would be two scopes once it is written.
func (d *theirs) clean(ctx context.Context, id Identity) (Identity, error) {
	kept := make([]string, 0, len(id.Scopes))
	for _, scope := range id.Scopes {
		if !token.IsScope(scope) {
			return Identity{}, fmt.Errorf("authsvc: Config.Load returned the scope %q: a scope is printable ASCII without spaces, quotes and backslashes", scope)
		}
		if strings.HasPrefix(scope, reservedScope) {
			d.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "scope_dropped", slog.String("scope", scope), slog.String("subject", id.Subject))
			continue
		}
		kept = append(kept, scope)
	}
	id.Scopes = kept
	return id, nil
}
