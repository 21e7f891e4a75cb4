package authclient_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// everyGuard runs a test against each kind of store, behind a guard that looks
// revocations up, and behind one that leaves an ended session to the handlers.
func everyGuard(t *testing.T, test func(*testing.T, *issuer)) {
	t.Helper()
	everyIssuer(t, func(t *testing.T, i *issuer) {
		looking := i.address
		i.listen(t)
		for name, address := range map[string]string{"with revocations": looking, "without revocations": i.address} {
			t.Run(name, func(t *testing.T) {
				i.address = address
				test(t, i)
			})
		}
	})
}

// together is a session in a file whose next n callers have all begun before
// the first of them gets the file's lock.
func together(t *testing.T, n int) (w *watched, begin func()) {
	t.Helper()
	files, _ := newFileStore(t)
	var begun sync.WaitGroup
	var left atomic.Int32
	w = &watched{TokenStore: files, step: func(name string) error {
		if name == "before Lock" && left.Add(-1) >= 0 {
			begun.Done()
			begun.Wait()
		}
		return nil
	}}
	return w, func() {
		begun.Add(n)
		left.Store(int32(n))
	}
}

// wantOneSession fails the test unless the session renews, and is the only one
// of its user, in the store as at the server.
func (i *issuer) wantOneSession(t *testing.T, session *authclient.Session, tokens authclient.TokenStore, subject string) {
	t.Helper()
	if err := session.Refresh(t.Context()); err != nil {
		t.Errorf("a renewal: %v", err)
	}
	standing, err := i.store.SessionsOf(t.Context(), subject, "", 10)
	if err != nil || len(standing) != 1 {
		t.Fatalf("%d sessions stand, %v", len(standing), err)
	}
	if saved, err := tokens.Load(t.Context()); err != nil || saved.SessionID != standing[0].ID {
		t.Errorf("the store holds %v, %v, and %s stands", saved, err, standing[0].ID)
	}
}

// A token of the session that the first one replaced would be refused to the
// others, and the refusal would end the new session.
func TestReauthenticationsAtTheSameTime(t *testing.T) {
	t.Parallel()
	everyGuard(t, func(t *testing.T, i *issuer) {
		const callers = 4
		w, begin := together(t, callers)
		session := login(t, i.connect(t), authclient.WithStore(w))
		begin()
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				if err := session.Reauthenticate(t.Context(), "correct horse"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		i.wantOneSession(t, session, w, "u-1815")
		if err := session.Logout(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAnswersAtTheSameTimeReplaceTheSessionOnce(t *testing.T) {
	t.Parallel()
	everyGuard(t, func(t *testing.T, i *issuer) {
		const callers = 3
		w, begin := together(t, callers)
		_, err := authclient.Login(t.Context(), i.connect(t), "grace", "nanosecond", authclient.WithStore(w))
		session := answered(t, err, "totp", "mail")
		_, err = challengeOf(t, session.Reauthenticate(t.Context(), "nanosecond"), "totp").Answer(t.Context(), "287082")
		challenge := challengeOf(t, err, "mail")
		begin()
		var right atomic.Int32
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				if _, err := challenge.Answer(t.Context(), "moth"); err == nil {
					right.Add(1)
				} else if authclient.Reason(err) != grpcauthv1.Reason_REASON_INVALID_CREDENTIALS {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := right.Load(); n != 1 {
			t.Errorf("%d answers were taken", n)
		}
		i.wantOneSession(t, session, w, "u-1906")
		if err := session.Logout(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
