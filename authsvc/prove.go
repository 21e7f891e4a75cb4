package authsvc

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

var errChanged = fault.New(grpcauthv1.Reason_REASON_CONFLICT, "authsvc: the user's credentials changed during the login")

// proof is one attempt to prove who one is.
type proof struct {
	Credentials

	account string   // whom it is counted for, see throttle
	subject string   // whose it must be, "" where the name says it
	failure string   // the kind of entry that tells of its failure
	purpose []string // what a challenge to it is good for
	asked   *asked   // the challenge that it answers, or nil
}

// proven is a user whose credentials were right while their counters stood at
// counters.
type proven struct {
	Identity
	counters store.Counters
}

// prove checks a proof, unless it comes too early. The error is a
// *ChallengeError where there is a further question to the user, who then
// counts as not yet proven.
func (s *server) prove(ctx context.Context, p proof) (proven, error) {
	s.warnOfProxy(ctx)
	attempt, err := s.throttle.begin(ctx, p.account, p.asked.of())
	if err != nil {
		return proven{}, err
	}
	user, err := s.identify(ctx, p)
	var challenge *ChallengeError
	switch {
	case err == nil:
		return user, attempt.forgive(ctx)
	case errors.As(err, &challenge):
		return user, attempt.halfway(ctx, challenge)
	case ctx.Err() != nil || errors.Is(err, ErrInvalidCredentials):
		return proven{}, s.failed(ctx, p, cmp.Or(user.Subject, p.subject), err)
	case errors.Is(err, errChanged):
		return proven{}, err
	}
	if unpardoned := attempt.pardon(ctx); unpardoned != nil {
		return proven{}, unpardoned
	}
	return proven{}, err
}

// warnOfProxy tells the operator, once, that callers through a proxy count as
// one.
func (s *server) warnOfProxy(ctx context.Context) {
	if s.lost(ctx) && !s.warned.Swap(true) {
		s.event(ctx, slog.LevelWarn, "callers_not_told_apart", slog.String("cause",
			"x-forwarded-for came from an address that is not in Config.Proxies (serve --proxy), or told none: whoever guesses at an account there can keep its owner out"))
	}
}

// identify asks the directory, and gives whatever is known of the user beside
// an error.
func (s *server) identify(ctx context.Context, p proof) (proven, error) {
	began, err := s.began(ctx)
	if err != nil {
		return proven{}, err
	}
	checked, err := s.users.authenticate(password.WithOrigin(ctx, s.block(ctx)), p.Credentials)
	var challenge *ChallengeError
	if err != nil && !errors.As(err, &challenge) {
		return proven{Identity: checked}, err
	}
	if p.subject != "" && checked.Subject != p.subject {
		return proven{}, ErrInvalidCredentials
	}
	now, err := s.current(ctx, checked, p.ClientID)
	if err != nil {
		return proven{Identity: checked}, err
	}
	if err := s.unraised(ctx, checked.Subject, began); err != nil {
		return now, err
	}
	if err := p.asked.stillOf(checked, now.counters); err != nil {
		return now, err
	}
	if challenge != nil {
		return now, challenge
	}
	return now, s.useUp(ctx, p.asked)
}

// current is the user as they stand, if their credentials still are those that
// were checked, so that a login which began before they changed can't finish
// after. Whose they are is known only once they are checked, so the counter is
// read then, and the user is loaded once more:
//
//   - changed and raised before the counter was read: Load shows another
//     version, or that the user is gone; of users that have no version the
//     events tell, see unraised;
//   - raised after that: the session is not inserted, because the counter has
//     moved, or it is revoked by the raise itself.
//
// For this, whoever changes credentials changes them first and raises then, or
// does both in one transaction, as the Store does for its own users.
func (s *server) current(ctx context.Context, checked Identity, clientID string) (proven, error) {
	counters, err := s.store.Counters(ctx, checked.Subject, clientID)
	if err != nil {
		return proven{}, err
	}
	now, err := s.users.load(ctx, checked.Subject)
	if errors.Is(err, ErrGone) {
		return proven{}, ErrInvalidCredentials
	}
	if err != nil {
		return proven{}, err
	}
	if err := sameVersion(checked.Version, now.Version); err != nil {
		return proven{}, err
	}
	now.AMR = checked.AMR // it tells of this proof, of which Load knows nothing
	return proven{Identity: now, counters: counters}, nil
}

func sameVersion(checked, now string) error {
	switch {
	case checked == now:
		return nil
	case checked == "" || now == "":
		return errors.New("authsvc: only one of Config.Authenticate and Config.Load sets Identity.Version: set it in both or in neither")
	default:
		return errChanged
	}
}

const (
	// failureTick is when the answer to a failure leaves, counted from the
	// writing of its entry: the first entry of an hour takes longer to write
	// than the next one, and a user's is another than nobody's.
	failureTick = 20 * time.Millisecond
	// failurePatience is how long the entry may take. It is written also when
	// the client has gone: else who hangs up in time leaves no trace.
	failurePatience = 5 * time.Second
)

// failed records that the proof of a user, or of nobody, was wrong, and gives
// what the client is told. The same is done in either case.
func (s *server) failed(ctx context.Context, p proof, subject string, err error) error {
	reason := "wrong credentials"
	if ctx.Err() != nil {
		reason = "the client hung up"
	}
	tick := time.NewTimer(failureTick)
	defer tick.Stop()
	anyway, cancel := context.WithTimeout(context.WithoutCancel(ctx), failurePatience)
	defer cancel()
	unrecorded := s.store.RecordFailure(anyway, store.Entry{
		Kind: p.failure, Subject: subject, ClientID: p.ClientID, Address: s.address(ctx), Reason: reason,
	})
	if unrecorded != nil {
		s.event(ctx, slog.LevelWarn, "audit_failed", slog.String("cause", unrecorded.Error()))
	} else {
		err = logged{err}
	}
	select {
	case <-tick.C:
	case <-ctx.Done():
	}
	return err
}
