package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// events are all of them as "kind key below", after checks of what each must
// have.
func events(t *testing.T, st store.Store) (all []string) {
	t.Helper()
	page, err := st.Events(t.Context(), 0, 1000)
	noError(t, err)
	tags := map[string]bool{}
	for i, e := range page {
		if e.Seq != int64(i)+1 || e.Epoch < 1 || e.Tag == "" || tags[e.Tag] || e.Expires.IsZero() {
			t.Errorf("event %d is %+v", i, e)
		}
		tags[e.Tag] = true
		all = append(all, fmt.Sprintf("%s %s %d", e.Kind, e.Key, e.Below))
	}
	ledger, err := st.Ledger(t.Context())
	noError(t, err)
	same(t, ledger.Seq, int64(len(page)))
	return all
}

func testCounters(t *testing.T, f *fixture) {
	for range 2 {
		c, err := f.Counters(t.Context(), "never seen", "never seen either")
		noError(t, err)
		same(t, c, store.Counters{All: 1, Client: 1, Subject: 1})
	}
	l, err := f.Ledger(t.Context())
	noError(t, err)
	same(t, l, store.Ledger{Epoch: 1, All: 1})
}

// checklist: X3
func testEvents(t *testing.T, f *fixture) {
	id := f.session.ID
	mustUpdate(t, f, id, func(s *store.Session) { s.RevokedAt = f.clock.now() })
	want := []string{"session " + id + " 0"}
	same(t, events(t, f), want)

	noError(t, f.RaiseSubject(t.Context(), "ada", ""))
	want = append(want, "subject ada 2")
	noError(t, f.AddUser(t.Context(), store.User{Subject: "eve", Username: "eve"}))
	noError(t, f.SetPassword(t.Context(), "eve", "hash"))
	want = append(want, "subject eve 2")
	noError(t, f.SetDisabled(t.Context(), "eve", true))
	want = append(want, "subject eve 3")
	noError(t, f.RaiseClient(t.Context(), "app", ""))
	want = append(want, "client app 2")

	old := newSession(f.clock.now(), "eve")
	mustCreate(t, f, old)
	noError(t, f.ReplaceSession(t.Context(), old.ID, "", newSession(f.clock.now(), "eve"), 3))
	want = append(want, "session "+old.ID+" 0")
	same(t, events(t, f), want)

	page, err := f.Events(t.Context(), 2, 2)
	noError(t, err)
	same(t, []int64{page[0].Seq, page[1].Seq}, []int64{3, 4})
	same(t, page[0].Expires, micro(f.clock.now()).Add(store.EventLifetime))
	none, err := f.Events(t.Context(), 0, -1)
	noError(t, err)
	same(t, len(none), 0)
}

func testNoEvents(t *testing.T, f *fixture) {
	mustUpdate(t, f, f.session.ID, func(s *store.Session) { s.Label = "changed" })
	noError(t, f.RotateSession(t.Context(), rotation(mustRead(t, f, f.session.ID))))
	same(t, events(t, f), nil)
	mustUpdate(t, f, f.session.ID, func(s *store.Session) { s.RevokedAt = f.clock.now() })
	mustUpdate(t, f, f.session.ID, func(s *store.Session) { s.Reason = "said later" })
	same(t, len(events(t, f)), 1)
	wantError(t, f.SetPassword(t.Context(), "nobody", "hash"), store.ErrNotFound)
	wantError(t, f.ReplaceSession(t.Context(), f.session.ID, "", newSession(f.clock.now(), "ada"), 1), store.ErrStale)
	same(t, len(events(t, f)), 1)
}

// checklist: X5
func testRevokeToken(t *testing.T, f *fixture) {
	until := f.clock.now().Add(time.Hour)
	for range 3 {
		noError(t, f.RevokeToken(t.Context(), "jti", until, store.Entry{Kind: "token_revoked"}))
	}
	noError(t, f.RevokeToken(t.Context(), "expired", f.clock.now(), store.Entry{Kind: "token_revoked"}))
	same(t, events(t, f), []string{"token jti 0"})
	same(t, len(entries(t, f)), 1)
	page, err := f.Events(t.Context(), 0, 9)
	noError(t, err)
	same(t, page[0].Expires, micro(until))
}

func testStanding(t *testing.T, f *fixture) {
	ref := store.TokenRef{ID: "jti", SessionID: f.session.ID, Subject: "ada", ClientID: "app"}
	want := store.Standing{Counters: store.Counters{All: 1, Client: 1, Subject: 1}}
	check := func() {
		t.Helper()
		got, err := f.Standing(t.Context(), ref)
		noError(t, err)
		same(t, got, want)
	}
	check()
	noError(t, f.RevokeToken(t.Context(), "jti", f.clock.now().Add(time.Hour)))
	want.Revoked = true
	check()
	mustUpdate(t, f, f.session.ID, func(s *store.Session) { s.RevokedAt = f.clock.now() })
	want.SessionEnded = true
	check()
	noError(t, f.RaiseSubject(t.Context(), "ada", ""))
	noError(t, f.RaiseClient(t.Context(), "app", ""))
	noError(t, f.RaiseClient(t.Context(), "app", ""))
	want.Subject, want.Client = 2, 3
	check()
	// A service's own token has no session. One that is not there has ended.
	ref, want = store.TokenRef{ID: "t", Subject: "client:x", ClientID: "x"}, store.Standing{Counters: store.Counters{All: 1, Client: 1, Subject: 1}}
	check()
	ref.SessionID, want.SessionEnded = "not there", true
	check()
}

func testRaiseClient(t *testing.T, f *fixture) {
	other := newSession(f.clock.now(), "ada")
	other.ClientID = "another"
	mustCreate(t, f, other)
	noError(t, f.RaiseClient(t.Context(), "app", "its secret leaked"))
	ended := mustRead(t, f, f.session.ID)
	same(t, ended.Reason, "its secret leaked")
	same(t, ended.RevokedAt, micro(f.clock.now()))
	same(t, mustRead(t, f, other.ID), other)
}

// checklist: R7
func testRecover(t *testing.T, f *fixture) {
	noError(t, f.RaiseClient(t.Context(), "another", ""))
	noError(t, f.RaiseSubject(t.Context(), "eve", ""))
	f.clock.advance(time.Minute)
	noError(t, f.Recover(t.Context(), "restored", store.Entry{Kind: "recovered"}))
	for who, want := range map[[2]string]store.Counters{
		{"ada", "app"}:     {All: 1 + store.FarAhead, Client: 1, Subject: 1 + store.FarAhead},
		{"eve", "another"}: {All: 1 + store.FarAhead, Client: 2 + store.FarAhead, Subject: 2 + store.FarAhead},
	} {
		got, err := f.Counters(t.Context(), who[0], who[1])
		noError(t, err)
		same(t, got, want)
	}
	l, err := f.Ledger(t.Context())
	noError(t, err)
	same(t, l, store.Ledger{Epoch: 2, Seq: 3, All: 1 + store.FarAhead, Audit: 1})
	same(t, events(t, f)[2], fmt.Sprintf("all  %d", 1+store.FarAhead))
	ended := mustRead(t, f, f.session.ID)
	same(t, ended.Reason, "restored")
	same(t, ended.RevokedAt, micro(f.clock.now()))
	same(t, entries(t, f), []string{"recovered"})
}

func testUseOnce(t *testing.T, f *fixture) {
	noError(t, f.UseOnce(t.Context(), "k", f.clock.now().Add(time.Minute)))
	wantError(t, f.UseOnce(t.Context(), "k", f.clock.now().Add(time.Hour)), store.ErrExists)
	noError(t, f.UseOnce(t.Context(), "another", f.clock.now().Add(time.Minute)))
	f.clock.advance(time.Minute)
	n, err := f.Sweep(t.Context(), 9)
	noError(t, err)
	same(t, n, 2)
	noError(t, f.UseOnce(t.Context(), "k", f.clock.now().Add(time.Minute)))
}

// raceEvents: whoever follows the events by number misses none.
//
// checklist: X3
func raceEvents(t *testing.T, c *crowd) {
	c.rush(callers, func(i int, st store.Store) {
		noErrorInRace(t, st.RaiseSubject(t.Context(), fmt.Sprintf("subject %d", i%7), "", store.Entry{Kind: "raised"}))
	})
	same(t, len(events(t, c.any())), callers)
	same(t, len(entries(t, c.any())), callers)
}

func raceUseOnce(t *testing.T, c *crowd) {
	var first atomic.Int32
	c.rush(callers, func(_ int, st store.Store) {
		if err := st.UseOnce(t.Context(), "k", c.clock.now().Add(time.Hour)); err == nil {
			first.Add(1)
		} else {
			wantError(t, err, store.ErrExists)
		}
	})
	same(t, first.Load(), 1)
}
