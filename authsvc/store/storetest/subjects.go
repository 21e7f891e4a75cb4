package storetest

import (
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

func testCounter(t *testing.T, f *fixture) {
	want := func(subject string, want int64) {
		t.Helper()
		got, err := counterOf(t.Context(), f, subject)
		noError(t, err)
		same(t, got, want)
	}
	want("new", 1)
	want("new", 1)
	noError(t, f.RaiseSubject(t.Context(), "new", ""))
	want("new", 2)
	noError(t, f.RaiseSubject(t.Context(), "raised before it was seen", ""))
	want("raised before it was seen", 2)
	want("ada", 1)
}

// checklist: R6
func testRaise(t *testing.T, f *fixture) {
	second, other := newSession(f.clock.now(), "ada"), newSession(f.clock.now(), "bob")
	ended := newSession(f.clock.now(), "ada")
	for _, s := range []store.Session{second, other, ended} {
		mustCreate(t, f, s)
	}
	mustUpdate(t, f, ended.ID, func(s *store.Session) { s.RevokedAt, s.Reason = f.clock.now(), "earlier" })
	endedBefore := mustRead(t, f, ended.ID)

	f.clock.advance(time.Minute)
	noError(t, f.RaiseSubject(t.Context(), "ada", "log out everywhere"))
	for _, s := range []store.Session{f.session, second} {
		want := s
		want.RevokedAt, want.Reason = micro(f.clock.now()), "log out everywhere"
		same(t, mustRead(t, f, s.ID), want)
		wantError(t, f.RotateSession(t.Context(), rotation(s)), store.ErrStale)
	}
	same(t, mustRead(t, f, ended.ID), endedBefore)
	same(t, mustRead(t, f, other.ID), other)
}
