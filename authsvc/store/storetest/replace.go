package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

func testReplace(t *testing.T, f *fixture) {
	counter, err := counterOf(t.Context(), f, "ada")
	noError(t, err)
	f.clock.advance(time.Minute)
	fresh := newSession(f.clock.now(), "ada")
	noError(t, f.ReplaceSession(t.Context(), f.session.ID, "logged in again", fresh, counter))
	same(t, mustRead(t, f, fresh.ID), fresh)
	want := f.session
	want.RevokedAt, want.Reason = micro(f.clock.now()), "logged in again"
	same(t, mustRead(t, f, f.session.ID), want)
}

// checklist: R6
func testReplaceRefused(t *testing.T, f *fixture) {
	counter, err := counterOf(t.Context(), f, "ada")
	noError(t, err)
	for name, test := range map[string]struct {
		prepare func(old *store.Session) // before it is created
		counter int64
		subject string
		taken   bool
		want    error
	}{
		"a counter that moved":  {counter: counter - 1, subject: "ada", want: store.ErrStale},
		"another subject's":     {counter: 1, subject: "bob", want: store.ErrStale},
		"an id that is taken":   {counter: counter, subject: "ada", taken: true, want: store.ErrExists},
		"revoked before":        {prepare: func(s *store.Session) { s.RevokedAt = f.clock.now() }, counter: counter, subject: "ada", want: store.ErrStale},
		"idle for too long":     {prepare: func(s *store.Session) { s.IdleExpires = f.clock.now() }, counter: counter, subject: "ada", want: store.ErrStale},
		"past its absolute end": {prepare: func(s *store.Session) { s.Expires = f.clock.now() }, counter: counter, subject: "ada", want: store.ErrStale},
	} {
		_, err := counterOf(t.Context(), f, test.subject)
		noError(t, err)
		old := newSession(f.clock.now(), "ada")
		if test.prepare != nil {
			test.prepare(&old)
		}
		mustCreate(t, f, old)
		before := mustRead(t, f, old.ID)
		fresh := newSession(f.clock.now(), test.subject)
		if test.taken {
			fresh.ID = f.session.ID
		}
		if err := f.ReplaceSession(t.Context(), old.ID, "why", fresh, test.counter); err == nil {
			t.Errorf("%s: replaced", name)
		} else {
			wantError(t, err, test.want)
		}
		same(t, mustRead(t, f, old.ID), before)
		if !test.taken {
			_, err = f.Session(t.Context(), fresh.ID)
			wantError(t, err, store.ErrNotFound)
		}
	}
	wantError(t, f.ReplaceSession(t.Context(), "nobody's", "why", newSession(f.clock.now(), "ada"), counter), store.ErrStale)
	same(t, mustRead(t, f, f.session.ID), f.session)
}

func testSessionsOf(t *testing.T, f *fixture) {
	want := []string{f.session.ID}
	for range 4 {
		s := newSession(f.clock.now(), "ada")
		mustCreate(t, f, s)
		want = append(want, s.ID)
	}
	slices.Sort(want)
	for _, gone := range []func(*store.Session){
		func(s *store.Session) { s.RevokedAt = f.clock.now() },
		func(s *store.Session) { s.IdleExpires = f.clock.now() },
		func(s *store.Session) { s.Subject = "bob" },
	} {
		s := newSession(f.clock.now(), "ada")
		gone(&s)
		mustCreate(t, f, s)
	}
	list := func(after string, limit int) (ids []string) {
		t.Helper()
		page, err := f.SessionsOf(t.Context(), "ada", after, limit)
		noError(t, err)
		for _, s := range page {
			ids = append(ids, s.ID)
		}
		return ids
	}
	same(t, list("", 9), want)
	same(t, list("", 2), want[:2])
	same(t, list(want[1], 2), want[2:4])
	same(t, list(want[4], 2), nil)
	same(t, list("", 0), nil)
	same(t, list("", -1), nil)
	page, err := f.SessionsOf(t.Context(), "ada", f.session.ID[:21], 1)
	noError(t, err)
	same(t, page[0].Subject, "ada")
}

func testSweep(t *testing.T, f *fixture) {
	early := newSession(f.clock.now(), "ada")
	early.Expires = f.clock.now().Add(time.Hour)
	mustCreate(t, f, early)
	_, err := f.Attempt(t.Context(), store.AttemptKey{Key: "k"})
	noError(t, err)
	sweep := func(limit, want int) {
		t.Helper()
		n, err := f.Sweep(t.Context(), limit)
		noError(t, err)
		same(t, n, want)
	}
	sweep(9, 0)
	f.clock.advance(time.Hour)
	sweep(0, 0)
	sweep(1, 1)
	sweep(9, 1)
	sweep(9, 0)
	_, err = f.Session(t.Context(), early.ID)
	wantError(t, err, store.ErrNotFound)
	same(t, mustRead(t, f, f.session.ID), f.session) // idle, but its absolute end is to come
}

// checklist: R6
func testSetDisabled(t *testing.T, f *fixture) {
	noError(t, f.AddUser(t.Context(), store.User{Subject: "id-of-eve", Username: "eve"}))
	session := newSession(f.clock.now(), "id-of-eve")
	mustCreate(t, f, session)
	noError(t, f.SetDisabled(t.Context(), "id-of-eve", false)) // it never was
	same(t, mustRead(t, f, session.ID), session)

	f.clock.advance(time.Minute)
	for range 2 {
		noError(t, f.SetDisabled(t.Context(), "id-of-eve", true))
		u, err := f.UserBySubject(t.Context(), "id-of-eve")
		noError(t, err)
		same(t, u.DisabledAt, micro(f.clock.now()))
		same(t, u.Username, "eve")
		ended := mustRead(t, f, session.ID)
		same(t, ended.Reason, store.ReasonDisabled)
		same(t, ended.RevokedAt, micro(f.clock.now()))
	}
	counter, err := counterOf(t.Context(), f, "id-of-eve")
	noError(t, err)
	same(t, counter, 2)
	noError(t, f.SetDisabled(t.Context(), "id-of-eve", false))
	u, err := f.UserBySubject(t.Context(), "id-of-eve")
	noError(t, err)
	same(t, u.DisabledAt, time.Time{})
	wantError(t, f.SetDisabled(t.Context(), "nobody", true), store.ErrNotFound)
}
