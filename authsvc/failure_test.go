package authsvc_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

func TestFailuresAreRecorded(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, overTLS, builtIn)
		w.addAda(nil)
		w.addAda(func(u *store.User) {
			u.Subject, u.Username, u.DisabledAt = "u-2", "bob", w.clock.Now()
		})
		for _, username := range []string{"ada", "Ada", "bob", "nobody-by-that-name", "nor-by-this-one", "nor by this"} {
			wantRefusal(t, w.guessFrom("203.0.113.7", username, "wrong password"), "Unauthenticated INVALID_CREDENTIALS")
		}
		counts := map[string]int{}
		for _, e := range w.entries("login_failed") {
			counts[e.Subject] = e.Count
			if e.ClientID != "default" || e.Address != "203.0.113.7" || e.Reason != "wrong credentials" || e.SessionID != "" || e.Actor != "" {
				t.Errorf("%+v", e)
			}
		}
		if len(counts) != 3 || counts[adaSubject] != 2 || counts["u-2"] != 1 || counts[""] != 3 {
			t.Errorf("%v", counts)
		}
	})
}

func TestFailuresOfACallersOwnUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) {
		s.config.Authenticate = func(context.Context, authsvc.Credentials) (authsvc.Identity, error) {
			return authsvc.Identity{Subject: adaSubject}, authsvc.ErrInvalidCredentials
		}
	})
	_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: "wrong password"})
	wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
	if e := w.entries("login_failed"); len(e) != 1 || e[0].Subject != adaSubject {
		t.Errorf("%+v", e)
	}
}

// Who hangs up before a wrong password is told leaves a trace all the same.
func TestAFailureIsRecordedWhenTheClientHangsUp(t *testing.T) {
	t.Parallel()
	recorded := make(chan store.Entry, 1)
	ctx, hangUp := context.WithCancel(t.Context())
	w := newWorld(t, func(s *setup) {
		s.config.Audit = func(_ context.Context, e store.Entry) { recorded <- e }
		s.config.Authenticate = func(ctx context.Context, _ authsvc.Credentials) (authsvc.Identity, error) {
			hangUp()
			<-ctx.Done()
			return authsvc.Identity{Subject: adaSubject}, ctx.Err()
		}
	})
	_, err := w.Login(ctx, &grpcauthv1.LoginRequest{Username: "ada", Password: "wrong password"})
	if err == nil {
		t.Fatal("no error")
	}
	select {
	case e := <-recorded:
		if e.Kind != "login_failed" || e.Subject != adaSubject || e.Reason != "the client hung up" {
			t.Errorf("%+v", e)
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing was recorded")
	}
}

// An audit record that can't be written makes no wrong password right.
func TestAFailureThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) {
		s.wrap = func(inner store.Store) store.Store { return fullRecord{inner} }
	})
	_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: "wrong password"})
	wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
	if !strings.Contains(w.log.String(), "audit_failed") {
		t.Error("the log does not tell")
	}
}

type fullRecord struct{ store.Store }

func (fullRecord) RecordFailure(context.Context, store.Entry) error { return store.ErrUnavailable }
