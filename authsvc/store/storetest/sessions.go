package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

func testSessionRoundTrip(t *testing.T, f *fixture) {
	same(t, mustRead(t, f, f.session.ID), f.session)

	now := f.clock.now() // with nanoseconds
	bare := store.Session{
		ID: "bare", ClientID: "app", Subject: "ada", Scopes: []string{}, CurHash: hash(1),
		IdleExpires: now.Add(48 * time.Hour), Expires: now.Add(24 * time.Hour).In(time.FixedZone("", 3600)),
	}
	mustCreate(t, f, bare)
	want := bare
	want.Scopes = nil
	want.Expires = micro(bare.Expires)
	want.IdleExpires = want.Expires // never after the absolute
	same(t, mustRead(t, f, bare.ID), want)
}

func testSessionNotFound(t *testing.T, f *fixture) {
	_, err := f.Session(t.Context(), "nobody's")
	wantError(t, err, store.ErrNotFound)
	err = f.UpdateSession(t.Context(), "nobody's", func(time.Time, *store.Session) error {
		t.Error("the function ran without a session")
		return nil
	})
	wantError(t, err, store.ErrNotFound)
}

func testCreateTaken(t *testing.T, f *fixture) {
	again := newSession(f.clock.now(), "ada")
	again.ID, again.Label = f.session.ID, "another"
	counter, err := counterOf(t.Context(), f, "ada")
	noError(t, err)
	wantError(t, f.CreateSession(t.Context(), again, counter), store.ErrExists)
	same(t, mustRead(t, f, f.session.ID), f.session)
}

// checklist: R6
func testCreateAfterRaise(t *testing.T, f *fixture) {
	counter, err := counterOf(t.Context(), f, "ada") // the login begins
	noError(t, err)
	noError(t, f.RaiseSubject(t.Context(), "ada", "log out everywhere"))
	late := newSession(f.clock.now(), "ada")
	wantError(t, f.CreateSession(t.Context(), late, counter), store.ErrStale)
	_, err = f.Session(t.Context(), late.ID)
	wantError(t, err, store.ErrNotFound)
	mustCreate(t, f, late) // with the counter read anew
}

// checklist: R6
func testCreateUnseen(t *testing.T, f *fixture) {
	for _, counter := range []int64{0, 1} {
		err := f.CreateSession(t.Context(), newSession(f.clock.now(), "never seen"), counter)
		wantError(t, err, store.ErrStale)
	}
}

func testUpdate(t *testing.T, f *fixture) {
	f.clock.advance(time.Minute)
	now := micro(f.clock.now())
	want := f.session
	want.Scopes, want.Audiences, want.AMR = []string{"less"}, nil, []string{"hwk"}
	want.Gen, want.CurHash, want.PrevHash, want.Sealed = 7, hash(7), hash(6), nil
	want.RotatedAt, want.AuthTime, want.LastSeen, want.RevokedAt = now, now, now, now
	want.Replays, want.ReplayedGens, want.KeyHash, want.Keyed = 0, 3, []byte("k"), true
	want.IdleExpires, want.Expires = now.Add(time.Second), now.Add(time.Minute)
	want.Reason, want.Label, want.LastAddress = "reuse", "", "192.0.2.9"
	err := f.UpdateSession(t.Context(), f.session.ID, func(at time.Time, s *store.Session) error {
		same(t, *s, f.session)
		same(t, at, now)
		*s = want
		return nil
	})
	noError(t, err)
	same(t, mustRead(t, f, f.session.ID), want)
}

func testUpdateFails(t *testing.T, f *fixture) {
	refused := errors.New("refused")
	err := f.UpdateSession(t.Context(), f.session.ID, func(_ time.Time, s *store.Session) error {
		s.Gen, s.CurHash[0], s.Scopes[0] = 99, 99, "admin"
		return refused
	})
	if err != refused {
		t.Errorf("error %v, want the function's own as it is", err)
	}
	same(t, mustRead(t, f, f.session.ID), f.session)
}

func testUpdatePanics(t *testing.T, f *fixture) {
	func() {
		defer func() { _ = recover() }()
		_ = f.UpdateSession(t.Context(), f.session.ID, func(_ time.Time, s *store.Session) error {
			s.Gen = 99
			panic("a bug in the caller")
		})
	}()
	same(t, mustRead(t, f, f.session.ID), f.session)
	mustUpdate(t, f, f.session.ID, func(s *store.Session) { s.Label = "still works" })
}

func testUpdateFixed(t *testing.T, f *fixture) {
	mustUpdate(t, f, f.session.ID, func(s *store.Session) {
		s.ID, s.ClientID, s.Subject, s.CreatedAt = "other", "other", "other", time.Time{}
		s.Certificate = "other"
		s.Label = "changed"
	})
	want := f.session
	want.Label = "changed"
	same(t, mustRead(t, f, f.session.ID), want)
	mustUpdate(t, f, f.session.ID, func(s *store.Session) { s.IdleExpires = s.Expires.Add(time.Hour) })
	same(t, mustRead(t, f, f.session.ID).IdleExpires, f.session.Expires)
}
