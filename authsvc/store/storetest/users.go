package storetest

import (
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

func newUser(now time.Time, name string) store.User {
	return store.User{
		Subject: "id-of-" + name, Username: name, PasswordHash: "hash of " + name,
		Scopes: []string{"notes.read"}, Roles: []string{"editor", "author"}, Admin: true,
		DisabledAt: micro(now), CreatedAt: micro(now.Add(-time.Hour)),
	}
}

func testUsersUnique(t *testing.T, f *fixture) {
	ada := newUser(f.clock.now(), "ada")
	noError(t, f.AddUser(t.Context(), ada))

	sameName := newUser(f.clock.now(), "ada")
	sameName.Subject = "another"
	wantError(t, f.AddUser(t.Context(), sameName), store.ErrExists)
	sameSubject := newUser(f.clock.now(), "eve")
	sameSubject.Subject = ada.Subject
	wantError(t, f.AddUser(t.Context(), sameSubject), store.ErrExists)

	got, err := f.UserBySubject(t.Context(), ada.Subject)
	noError(t, err)
	same(t, got, ada)
	_, err = f.UserByName(t.Context(), "eve")
	wantError(t, err, store.ErrNotFound)
	noError(t, f.AddUser(t.Context(), newUser(f.clock.now(), "Ada"))) // another name
}

func testUsers(t *testing.T, f *fixture) {
	names := []string{"ada", "bob", "cyn", "dan", "eve"}
	for _, i := range []int{3, 0, 4, 1, 2} {
		noError(t, f.AddUser(t.Context(), newUser(f.clock.now(), names[i])))
	}
	bare := store.User{Subject: "s", Username: "zoë"}
	noError(t, f.AddUser(t.Context(), bare))

	got, err := f.UserByName(t.Context(), "zoë")
	noError(t, err)
	same(t, got, bare)
	got, err = f.UserBySubject(t.Context(), "id-of-cyn")
	noError(t, err)
	same(t, got, newUser(f.clock.now(), "cyn"))
	_, err = f.UserBySubject(t.Context(), "ada")
	wantError(t, err, store.ErrNotFound)

	same(t, listUsers(t, f, "", 2), []string{"ada", "bob"})
	same(t, listUsers(t, f, "bob", 2), []string{"cyn", "dan"})
	same(t, listUsers(t, f, "dan", 9), []string{"eve", "zoë"})
	same(t, listUsers(t, f, "zoë", 9), nil)
	same(t, listUsers(t, f, "", 0), nil)
	same(t, listUsers(t, f, "", -1), nil)
}

func listUsers(t *testing.T, f *fixture, after string, limit int) (names []string) {
	t.Helper()
	page, err := f.Users(t.Context(), after, limit)
	noError(t, err)
	for _, u := range page {
		names = append(names, u.Username)
	}
	return names
}

// checklist: R6
func testSetPassword(t *testing.T, f *fixture) {
	user := newUser(f.clock.now(), "ada")
	noError(t, f.AddUser(t.Context(), user))
	session := newSession(f.clock.now(), user.Subject)
	mustCreate(t, f, session)
	before, err := counterOf(t.Context(), f, user.Subject)
	noError(t, err)

	noError(t, f.SetPassword(t.Context(), user.Subject, "another hash"))
	got, err := f.UserBySubject(t.Context(), user.Subject)
	noError(t, err)
	user.PasswordHash = "another hash"
	same(t, got, user)
	after, err := counterOf(t.Context(), f, user.Subject)
	noError(t, err)
	same(t, after, before+1)
	ended := mustRead(t, f, session.ID)
	same(t, ended.Reason, store.ReasonPassword)
	same(t, ended.RevokedAt, micro(f.clock.now()))
	same(t, mustRead(t, f, f.session.ID), f.session) // another subject's

	wantError(t, f.SetPassword(t.Context(), "nobody", "hash"), store.ErrNotFound)
	counter, err := counterOf(t.Context(), f, "nobody")
	noError(t, err)
	same(t, counter, 1) // all or nothing
}

// checklist: R6
func testChangePassword(t *testing.T, f *fixture) {
	user := newUser(f.clock.now(), "ada")
	noError(t, f.AddUser(t.Context(), user))
	session := newSession(f.clock.now(), user.Subject)
	mustCreate(t, f, session)
	for subject, old := range map[string]string{user.Subject: "hash of the day before", "nobody": user.PasswordHash} {
		wantError(t, f.ChangePassword(t.Context(), subject, old, "hash", store.Entry{Kind: "k"}), store.ErrStale)
	}
	got, err := f.UserBySubject(t.Context(), user.Subject)
	noError(t, err)
	same(t, got.PasswordHash, user.PasswordHash)
	same(t, mustRead(t, f, session.ID).RevokedAt.IsZero(), true)

	noError(t, f.ChangePassword(t.Context(), user.Subject, user.PasswordHash, "another hash", store.Entry{Kind: "k"}))
	got, err = f.UserBySubject(t.Context(), user.Subject)
	noError(t, err)
	same(t, got.PasswordHash, "another hash")
	same(t, mustRead(t, f, session.ID).Reason, store.ReasonPassword)
	counter, err := counterOf(t.Context(), f, user.Subject)
	noError(t, err)
	same(t, counter, 2)
	entries, err := f.Entries(t.Context(), 0, 9)
	noError(t, err)
	same(t, len(entries), 1)
}

// checklist: P1
func testRehash(t *testing.T, f *fixture) {
	user := newUser(f.clock.now(), "ada")
	noError(t, f.AddUser(t.Context(), user))
	session := newSession(f.clock.now(), user.Subject)
	mustCreate(t, f, session)
	counter, err := counterOf(t.Context(), f, user.Subject)
	noError(t, err)

	noError(t, f.Rehash(t.Context(), user.Subject, user.PasswordHash, "a dearer hash"))
	got, err := f.UserBySubject(t.Context(), user.Subject)
	noError(t, err)
	same(t, got.PasswordHash, "a dearer hash")
	after, err := counterOf(t.Context(), f, user.Subject)
	noError(t, err)
	same(t, after, counter)
	same(t, mustRead(t, f, session.ID).RevokedAt.IsZero(), true)

	wantError(t, f.Rehash(t.Context(), user.Subject, user.PasswordHash, "too late"), store.ErrStale)
	wantError(t, f.Rehash(t.Context(), "nobody", "", "hash"), store.ErrStale)
	got, err = f.UserBySubject(t.Context(), user.Subject)
	noError(t, err)
	same(t, got.PasswordHash, "a dearer hash")
}
