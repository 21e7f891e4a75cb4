package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// entries are the kinds of all of them, after checks of what each must have.
func entries(t *testing.T, st store.Store) (kinds []string) {
	t.Helper()
	page, err := st.Entries(t.Context(), 0, 1000)
	noError(t, err)
	for i, e := range page {
		if e.Seq != int64(i)+1 || e.At.IsZero() {
			t.Errorf("entry %d is %+v", i, e)
		}
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func entry(kind string) store.Entry {
	return store.Entry{
		Kind: kind, Actor: "operator", Subject: "ada", ClientID: "app", SessionID: "s",
		Address: "192.0.2.1", OtherAddress: "2001:db8::1", Reason: "because ✓",
	}
}

func testAudit(t *testing.T, f *fixture) {
	now := f.clock.now()
	noError(t, f.AddUser(t.Context(), store.User{Subject: "eve", Username: "eve"}, entry("user_added")))
	wantError(t, f.AddUser(t.Context(), store.User{Subject: "eve", Username: "eve"}, entry("not written")), store.ErrExists)
	noError(t, f.CreateSession(t.Context(), newSession(now, "ada"), 1, entry("login"), entry("another")))
	wantError(t, f.CreateSession(t.Context(), newSession(now, "ada"), 7, entry("not written")), store.ErrStale)
	noError(t, f.ReplaceSession(t.Context(), f.session.ID, "", newSession(now, "ada"), 1, entry("reauthenticated")))
	session := newSession(now, "ada")
	mustCreate(t, f, session)
	mustUpdate(t, f, session.ID, func(s *store.Session) { s.Log = append(s.Log, entry("refresh_reused")) })
	same(t, mustRead(t, f, session.ID).Log, nil)
	err := f.UpdateSession(t.Context(), session.ID, func(_ time.Time, s *store.Session) error {
		s.Log = append(s.Log, entry("not written"))
		return errors.New("refused")
	})
	if err == nil {
		t.Error("the update was made")
	}
	noError(t, f.SetPassword(t.Context(), "eve", "hash", entry("password_changed")))
	wantError(t, f.SetPassword(t.Context(), "nobody", "hash", entry("not written")), store.ErrNotFound)
	noError(t, f.SetDisabled(t.Context(), "eve", true, entry("user_disabled")))
	noError(t, f.SetDisabled(t.Context(), "eve", true, entry("not written")))
	noError(t, f.RaiseSubject(t.Context(), "ada", "", entry("raised")))
	noError(t, f.RaiseClient(t.Context(), "app", "", entry("client_raised")))
	noError(t, f.AddClient(t.Context(), store.Client{ID: "c"}, entry("client_added")))
	noError(t, f.UpdateClient(t.Context(), "c", func(time.Time, *store.Client) error { return nil }, entry("client_changed")))
	want := []string{
		"user_added", "login", "another", "reauthenticated", "refresh_reused", "password_changed", "user_disabled",
		"raised", "client_raised", "client_added", "client_changed",
	}
	same(t, entries(t, f), want)

	page, err := f.Entries(t.Context(), 1, 1)
	noError(t, err)
	whole := entry("login")
	whole.Seq, whole.At = 2, micro(now)
	same(t, page, []store.Entry{whole})

	f.clock.advance(store.AuditKept)
	if _, err = f.Sweep(t.Context(), 1000); err != nil {
		t.Fatal(err)
	}
	page, err = f.Entries(t.Context(), 0, 9)
	noError(t, err)
	same(t, len(page), 0)
}

func testFailures(t *testing.T, f *fixture) {
	fail := func(kind, subject, client, address string) {
		t.Helper()
		noError(t, f.RecordFailure(t.Context(), store.Entry{Kind: kind, Subject: subject, ClientID: client, Address: address}))
	}
	for _, address := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
		fail("login_failed", "ada", "app", address)
	}
	fail("login_failed", "", "app", "192.0.2.1")
	fail("login_failed", "ada", "other", "192.0.2.1")
	fail("client_failed", "ada", "app", "192.0.2.1")
	f.clock.advance(time.Hour)
	fail("login_failed", "ada", "app", "192.0.2.9")
	page, err := f.Entries(t.Context(), 0, 9)
	noError(t, err)
	var counts []int
	for _, e := range page {
		counts = append(counts, e.Count)
	}
	same(t, counts, []int{3, 1, 1, 1, 1})
	same(t, page[0].Address, "192.0.2.3")
}
