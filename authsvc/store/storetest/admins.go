package storetest

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

func admin(name string) store.User {
	return store.User{Subject: "id-of-" + name, Username: name, Admin: true}
}

// checklist: C5
func testLastAdmin(t *testing.T, f *fixture) {
	gone := newUser(f.clock.now(), "gone") // an administrator who is disabled
	for _, u := range []store.User{gone, admin("ada"), admin("bob"), {Subject: "id-of-cyn", Username: "cyn"}} {
		noError(t, f.AddUser(t.Context(), u))
	}
	session := newSession(f.clock.now(), "id-of-bob")
	mustCreate(t, f, session)
	noError(t, f.SetDisabled(t.Context(), "id-of-ada", true))
	for range 2 {
		wantError(t, f.SetDisabled(t.Context(), "id-of-bob", true, store.Entry{Kind: "not written"}), store.ErrLastAdmin)
	}
	bob, err := f.UserBySubject(t.Context(), "id-of-bob")
	noError(t, err)
	same(t, bob, admin("bob"))
	same(t, mustRead(t, f, session.ID), session)
	same(t, entries(t, f), nil)

	noError(t, f.SetDisabled(t.Context(), "id-of-ada", true))  // is already
	noError(t, f.SetDisabled(t.Context(), "id-of-cyn", true))  // no administrator
	noError(t, f.SetDisabled(t.Context(), "id-of-bob", false)) // never was
	noError(t, f.SetDisabled(t.Context(), "id-of-gone", false))
	noError(t, f.SetDisabled(t.Context(), "id-of-bob", true))
}

// raceLastAdmin disables all administrators at once.
//
// checklist: C5
func raceLastAdmin(t *testing.T, c *crowd) {
	names := []string{"ada", "bob", "cyn", "dan"}
	for _, name := range names {
		noError(t, c.any().AddUser(t.Context(), admin(name)))
	}
	var kept atomic.Int32
	c.rush(len(names), func(i int, st store.Store) {
		err := st.SetDisabled(t.Context(), "id-of-"+names[i], true)
		switch {
		case errors.Is(err, store.ErrLastAdmin):
			kept.Add(1)
		case err != nil:
			t.Error(err)
		}
	})
	same(t, kept.Load(), 1)
}
