package authsvc_test

import (
	"context"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// checklist: I4
func TestNoUserHasAClientsSubject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people.change(func(p *person) { p.Subject = "client:billing" })
	_, err := w.login(loginRequest(nil))
	wantRefusal(t, err, "Internal INTERNAL")
	if !strings.Contains(w.log.String(), "must not begin with") {
		t.Error("the log does not say what to do")
	}
}

// Nor does a user of the store, whoever has put them there.
//
// checklist: I4
func TestNoUserOfTheStoreHasAClientsSubject(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, builtIn)
		w.addAda(func(u *store.User) { u.Subject = "client:default" })
		_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: "wrong password"})
		wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS") // who has no password learns nothing of her
		_, err = w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
		wantRefusal(t, err, "Internal INTERNAL")
		if !strings.Contains(w.log.String(), "must not begin with") {
			t.Error("the log does not say what to do")
		}
	})
}

// Nor does one go on with a session that was opened by an older version.
//
// checklist: I4
func TestASessionOfAClientsSubjectIsNotRefreshed(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, builtIn, func(s *setup) {
			s.wrap = func(inner store.Store) store.Store { return &renamesUsers{Store: inner} }
		})
		w.addAda(nil)
		_, err := w.refresh(w.signIn().GetRefreshToken())
		wantRefusal(t, err, "Internal INTERNAL")
	})
}

// renamesUsers is a store whose session, when it is refreshed, is of a user
// with a client's subject.
type renamesUsers struct{ store.Store }

func (s *renamesUsers) Renewal(ctx context.Context, id string) (store.Renewal, error) {
	found, err := s.Store.Renewal(ctx, id)
	found.Session.Subject, found.User.Subject = "client:default", "client:default"
	return found, err
}
