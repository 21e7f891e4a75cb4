package storetest

import (
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// checklist: R6
func testRenewal(t *testing.T, f *fixture) {
	want := store.Renewal{Counters: store.Counters{All: 1, Client: 1, Subject: 1}}
	user := newUser(f.clock.now(), "grace")
	eve := newUser(f.clock.now(), "eve") // an administrator, too
	user.Subject, user.DisabledAt, eve.DisabledAt = f.session.Subject, time.Time{}, time.Time{}
	for _, change := range []func(){
		func() {}, // no such user: the account is somebody else's
		func() { noError(t, f.AddUser(t.Context(), eve)) },
		func() { noError(t, f.AddUser(t.Context(), user)) },
		func() { want.Counters.Subject++; noError(t, f.RaiseSubject(t.Context(), f.session.Subject, "")) },
		func() { want.Counters.Client++; noError(t, f.RaiseClient(t.Context(), f.session.ClientID, "")) },
		func() { noError(t, f.RaiseSubject(t.Context(), "another", "")) },
		func() { noError(t, f.RaiseClient(t.Context(), "another", "")) },
		func() { want.Counters.Subject++; noError(t, f.SetDisabled(t.Context(), user.Subject, true)) },
		func() { want.Counters.Subject++; noError(t, f.SetPassword(t.Context(), user.Subject, "another")) },
	} {
		change()
		s := mustRead(t, f, f.session.ID)
		want.Session = store.Session{
			ID: s.ID, ClientID: s.ClientID, Subject: s.Subject, Scopes: s.Scopes, Audiences: s.Audiences, Gen: s.Gen,
			Certificate: s.Certificate, AuthTime: s.AuthTime, AMR: s.AMR, Expires: s.Expires, RevokedAt: s.RevokedAt,
		}
		want.User, _ = f.UserBySubject(t.Context(), f.session.Subject) // nobody is the zero User
		got, err := f.Renewal(t.Context(), f.session.ID)
		noError(t, err)
		same(t, got.Session, want.Session)
		same(t, got.Counters, want.Counters)
		same(t, got.User, want.User)
	}
	if want.User.DisabledAt.IsZero() || want.User.PasswordHash != "another" {
		t.Errorf("the user is %+v: not what was changed", want.User)
	}
	_, err := f.Renewal(t.Context(), "nobody's")
	wantError(t, err, store.ErrNotFound)
}
