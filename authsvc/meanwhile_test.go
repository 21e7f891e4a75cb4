package authsvc_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// unversioned has ada without a version, and runs meanwhile, once, in the next
// call of Authenticate, when it is known what that will answer.
func unversioned(t *testing.T, changes ...func(*setup)) (w *world, during func(meanwhile func(*world))) {
	t.Helper()
	var next func(*world)
	w = newWorld(t, append(changes, func(s *setup) {
		inner := s.config.Authenticate
		s.config.Authenticate = func(ctx context.Context, c authsvc.Credentials) (authsvc.Identity, error) {
			id, err := inner(ctx, c)
			if now := next; now != nil {
				next = nil
				now(w)
			}
			return id, err
		}
	})...)
	w.people.change(func(p *person) { p.Version = "" })
	return w, func(meanwhile func(*world)) { next = meanwhile }
}

func (w *world) raise(subject string) {
	if err := w.store.RaiseSubject(context.Background(), subject, "log out everywhere"); err != nil {
		w.t.Error(err)
	}
}

func raiseAda(w *world) { w.raise(adaSubject) }

// What happens while Authenticate runs is felt, whatever Load says then.
//
// checklist: R6
func TestARaiseWhileAuthenticateRuns(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		for name, tc := range map[string]struct {
			meanwhile func(*world)
			want      string
		}{
			"nothing":                      {func(*world) {}, "OK"},
			"all sessions of hers ended":   {raiseAda, "Aborted CONFLICT"},
			"somebody else's":              {func(w *world) { w.raise("u-other") }, "OK"},
			"hers, and then others'":       {func(w *world) { raiseAda(w); w.raise("u-other") }, "Aborted CONFLICT"},
			"other things of a like name":  {func(w *world) { w.revokeThings(3) }, "OK"},
			"hers, after more than a page": {func(w *world) { w.revokeThings(260); raiseAda(w) }, "Aborted CONFLICT"},
			"a page of others'":            {func(w *world) { w.revokeThings(260) }, "OK"},
			"hers, and it was swept away":  {func(w *world) { raiseAda(w); w.sweepEvents() }, "Aborted CONFLICT"},
			"hers, swept but for the rest": {func(w *world) { raiseAda(w); w.sweepEvents(); w.raise("u-other") }, "Aborted CONFLICT"},
			"a restored backup":            {func(w *world) { w.recover() }, "Aborted CONFLICT"},
			"a restored backup, and swept": {func(w *world) { w.recover(); w.sweepEvents() }, "Aborted CONFLICT"},
			"the store is closed":          {func(w *world) { _ = w.store.Close() }, "Unavailable STORE_UNAVAILABLE"},
		} {
			w, during := unversioned(t, open.use)
			w.raise("u-before") // a ledger that is not empty
			during(tc.meanwhile)
			_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
			if got := refusal(err); got != tc.want {
				t.Errorf("%s: got %s, want %s", name, got, tc.want)
			}
			if tc.want == "Aborted CONFLICT" {
				w.signIn() // a login that begins now is another one
			}
		}
	})
}

// revokeThings makes n events, of which none is of a subject.
func (w *world) revokeThings(n int) {
	for i := range n - 1 {
		if err := w.store.RevokeToken(context.Background(), fmt.Sprint(adaSubject, i), w.clock.Now().Add(time.Hour)); err != nil {
			w.t.Error(err)
		}
	}
	if err := w.store.RaiseClient(context.Background(), adaSubject, "a client of that name"); err != nil {
		w.t.Error(err)
	}
}

func (w *world) sweepEvents() {
	w.clock.advance(store.EventLifetime + time.Second)
	if n, err := w.store.Sweep(context.Background(), 100); err != nil || n == 0 {
		w.t.Errorf("swept %d, %v", n, err)
	}
}

func (w *world) recover() {
	if err := w.store.Recover(context.Background(), "restored from a backup"); err != nil {
		w.t.Error(err)
	}
}

// checklist: R6
func TestARaiseWhileAuthenticateRunsForReauthenticate(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w, during := unversioned(t, open.use)
		tokens := w.signIn()
		during(func(w *world) { w.raise("u-other") })
		tokens = w.must(w.reauthenticate(tokens, adaPassword))
		during(raiseAda)
		_, err := w.reauthenticate(tokens, adaPassword)
		wantRefusal(t, err, "Aborted CONFLICT")
		if left, err := w.store.SessionsOf(t.Context(), adaSubject, "", 10); err != nil || len(left) != 0 {
			t.Errorf("%d sessions stand, %v", len(left), err)
		}
	})
}

// A login with a challenge begins with the password, not with the answer.
//
// checklist: R6
func TestARaiseDuringALoginWithAChallenge(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		for name, raise := range map[string]struct{ password, between, answer func(*world) }{
			"never":                              {},
			"while the password was checked":     {password: raiseAda},
			"between the question and an answer": {between: raiseAda},
			"while the answer was checked":       {answer: raiseAda},
		} {
			w, during := unversioned(t, open.use, twoFactors)
			during(raise.password)
			resp, err := w.Login(t.Context(), loginRequest(nil))
			if err == nil {
				w.log.mustNotHold(resp.GetChallenge().GetToken(), askedState, rightCode)
				if raise.between != nil {
					raise.between(w)
				}
				during(raise.answer)
				_, err = w.answer(resp.GetChallenge(), rightCode, nil)
			}
			want := "Aborted CONFLICT"
			if name == "never" {
				want = "OK"
			}
			if got := refusal(err); got != want {
				t.Errorf("%s: got %s, want %s", name, got, want)
			}
		}
	})
}

// restored is a store whose Ledger tells of another past from the second time
// on: a backup was put in its place.
type restored struct {
	store.Store
	asked, epoch, seq int64
}

func (s *restored) Ledger(ctx context.Context) (store.Ledger, error) {
	l, err := s.Store.Ledger(ctx)
	if s.asked++; s.asked > 2 { // once the service itself has asked, and once the login
		l.Epoch += s.epoch
		l.Seq += s.seq
	}
	return l, err
}

// checklist: R6 R7
func TestAnotherPastWhileAuthenticateRuns(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		epoch, seq int64
		want       string
	}{
		"the same":        {0, 0, "OK"},
		"another epoch":   {1, 0, "Aborted CONFLICT"},
		"an earlier head": {0, -1, "Aborted CONFLICT"},
	} {
		w := newWorld(t, func(s *setup) {
			s.wrap = func(inner store.Store) store.Store {
				return &restored{Store: inner, epoch: tc.epoch, seq: tc.seq}
			}
		})
		_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
		if got := refusal(err); got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}
