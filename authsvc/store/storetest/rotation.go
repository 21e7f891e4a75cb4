package storetest

import (
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// checklist: R1
func testRotate(t *testing.T, f *fixture) {
	f.clock.advance(10 * time.Minute)
	now := micro(f.clock.now())
	r := rotation(f.session)
	noError(t, f.RotateSession(t.Context(), r))

	want := f.session
	want.Gen, want.CurHash, want.PrevHash, want.Sealed = 2, r.NewHash, f.session.CurHash, r.Sealed
	want.RotatedAt, want.LastSeen, want.IdleExpires = now, now, now.Add(r.Idle)
	want.Replays, want.KeyHash, want.LastAddress = 0, nil, r.Address
	same(t, mustRead(t, f, f.session.ID), want)

	wantError(t, f.RotateSession(t.Context(), r), store.ErrStale)
	same(t, mustRead(t, f, f.session.ID), want)
	noError(t, f.RotateSession(t.Context(), rotation(want)))
}

// checklist: R4
func testRotateRefused(t *testing.T, f *fixture) {
	for name, test := range map[string]struct {
		session  func(*store.Session)
		rotation func(*store.Rotation)
		after    time.Duration
	}{
		"revoked":                   {session: func(s *store.Session) { s.RevokedAt = f.clock.now() }},
		"idle expired":              {after: time.Hour}, // exactly at it
		"absolutely expired":        {session: func(s *store.Session) { s.Expires = s.IdleExpires }, after: time.Hour},
		"another client":            {rotation: func(r *store.Rotation) { r.ClientID = "other" }},
		"no client":                 {rotation: func(r *store.Rotation) { r.ClientID = "" }},
		"another certificate":       {rotation: func(r *store.Rotation) { r.Certificate = "another" }},
		"no certificate":            {rotation: func(r *store.Rotation) { r.Certificate = "" }},
		"no key where one was used": {session: func(s *store.Session) { s.Keyed = true }},
		"wrong hash":                {rotation: func(r *store.Rotation) { r.CurHash = hash(9) }},
		"the previous hash":         {rotation: func(r *store.Rotation) { r.CurHash = hash(0) }},
		"no hash":                   {rotation: func(r *store.Rotation) { r.CurHash = nil }},
		"an old generation":         {rotation: func(r *store.Rotation) { r.Gen-- }},
		"a future one":              {rotation: func(r *store.Rotation) { r.Gen++ }},
		"absent":                    {rotation: func(r *store.Rotation) { r.ID = "nobody's" }},
	} {
		start := f.clock.now()
		session := newSession(start, "ada")
		mustCreate(t, f, session)
		if test.session != nil {
			mustUpdate(t, f, session.ID, test.session)
		}
		before := mustRead(t, f, session.ID)
		r := rotation(before)
		if test.rotation != nil {
			test.rotation(&r)
		}
		f.clock.advance(test.after)
		if err := f.RotateSession(t.Context(), r); err == nil {
			t.Errorf("%s: rotated", name)
		} else {
			wantError(t, err, store.ErrStale)
		}
		same(t, mustRead(t, f, session.ID), before)
	}
}

// checklist: R4
func testRotateIdleCap(t *testing.T, f *fixture) {
	r := rotation(f.session)
	r.Idle = 1000 * time.Hour
	f.clock.advance(time.Hour - time.Microsecond) // the last moment
	noError(t, f.RotateSession(t.Context(), r))
	same(t, mustRead(t, f, f.session.ID).IdleExpires, f.session.Expires)

	f.clock.advance(23 * time.Hour)
	next := mustRead(t, f, f.session.ID)
	noError(t, f.RotateSession(t.Context(), rotation(next)))
	f.clock.advance(time.Microsecond) // Expires, to the microsecond
	next = mustRead(t, f, f.session.ID)
	wantError(t, f.RotateSession(t.Context(), rotation(next)), store.ErrStale)
}

// checklist: R2
func testRotateReplays(t *testing.T, f *fixture) {
	id := f.session.ID
	// Replayed before the rotation: the run of replayed generations goes on.
	mustUpdate(t, f, id, func(s *store.Session) { s.Replays, s.ReplayedGens = 3, 2 })
	noError(t, f.RotateSession(t.Context(), rotation(mustRead(t, f, id))))
	after := mustRead(t, f, id)
	same(t, [2]int{after.Replays, after.ReplayedGens}, [2]int{0, 2})
	// Not replayed: it ends.
	noError(t, f.RotateSession(t.Context(), rotation(after)))
	after = mustRead(t, f, id)
	same(t, [2]int{after.Replays, after.ReplayedGens}, [2]int{0, 0})
}

// checklist: R2
func testRotateKeyed(t *testing.T, f *fixture) {
	r := rotation(f.session)
	r.KeyHash = []byte("hash of a key")
	noError(t, f.RotateSession(t.Context(), r))
	after := mustRead(t, f, f.session.ID)
	same(t, string(after.KeyHash), "hash of a key")
	same(t, after.Keyed, true)
	// From now on each rotation needs one, and each keeps its own.
	wantError(t, f.RotateSession(t.Context(), rotation(after)), store.ErrStale)
	r = rotation(after)
	r.KeyHash = []byte("another")
	noError(t, f.RotateSession(t.Context(), r))
	after = mustRead(t, f, f.session.ID)
	same(t, string(after.KeyHash), "another")
	same(t, after.Keyed, true)
}
