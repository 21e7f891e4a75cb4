package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

func newClient(now time.Time, id string) store.Client {
	now = micro(now)
	return store.Client{
		ID: id, Name: "The ✓ app", Users: true, Service: true, AllScopes: true, CertificateBound: true, JWKS: []byte(`{"keys":[]}`),
		Secrets: []store.ClientSecret{{ID: "a", Hash: hash(1), CreatedAt: now}, {ID: "b", Hash: hash(2), CreatedAt: now, Expires: now.Add(time.Hour)}},
		Scopes:  []string{"notes.read"}, Audiences: []string{"https://notes.example"}, Serves: []string{"https://bank.example"},
		DisabledAt: now, CreatedAt: now.Add(-time.Hour),
	}
}

func testClients(t *testing.T, f *fixture) {
	for _, id := range []string{"c", "a", "b"} {
		noError(t, f.AddClient(t.Context(), newClient(f.clock.now(), id)))
	}
	wantError(t, f.AddClient(t.Context(), store.Client{ID: "a"}), store.ErrExists)
	noError(t, f.AddClient(t.Context(), store.Client{ID: "bare"}))
	got, err := f.Client(t.Context(), "a")
	noError(t, err)
	same(t, got, newClient(f.clock.now(), "a"))
	got.Secrets[0].Hash[0], got.Scopes[0], got.JWKS[0] = 'x', "x", 'x' // it is the caller's own
	got, err = f.Client(t.Context(), "a")
	noError(t, err)
	same(t, got, newClient(f.clock.now(), "a"))
	got, err = f.Client(t.Context(), "bare")
	noError(t, err)
	same(t, got, store.Client{ID: "bare"})
	_, err = f.Client(t.Context(), "nobody")
	wantError(t, err, store.ErrNotFound)
	for after, want := range map[string]int{"": 2, "a": 2, "bare": 1, "c": 0} {
		page, err := f.Clients(t.Context(), after, 2)
		noError(t, err)
		same(t, len(page), want)
	}
}

func testUpdateClient(t *testing.T, f *fixture) {
	want := newClient(f.clock.now(), "app")
	want.DisabledAt = time.Time{}
	noError(t, f.AddClient(t.Context(), want))
	refused := errors.New("refused")
	err := f.UpdateClient(t.Context(), "app", func(_ time.Time, c *store.Client) error {
		c.Secrets[0].Hash[0], c.Name = 'x', "x"
		return refused
	})
	if err != refused {
		t.Errorf("error %v, want the function's own", err)
	}
	noError(t, f.UpdateClient(t.Context(), "app", func(now time.Time, c *store.Client) error {
		same(t, *c, want)
		same(t, now, micro(f.clock.now()))
		c.ID, c.CreatedAt = "other", time.Time{}
		c.Secrets, c.Scopes, c.AllScopes, c.Users = c.Secrets[1:], nil, false, false
		return nil
	}))
	want.Secrets, want.Scopes, want.AllScopes, want.Users = want.Secrets[1:], nil, false, false
	got, err := f.Client(t.Context(), "app")
	noError(t, err)
	same(t, got, want)
	same(t, mustRead(t, f, f.session.ID), f.session) // nothing has ended

	for range 2 {
		noError(t, f.UpdateClient(t.Context(), "app", func(now time.Time, c *store.Client) error { c.DisabledAt = now; return nil }))
	}
	same(t, mustRead(t, f, f.session.ID).Reason, store.ReasonClientDisabled)
	same(t, events(t, f), []string{"client app 2"})
	wantError(t, f.UpdateClient(t.Context(), "nobody", func(time.Time, *store.Client) error { return nil }), store.ErrNotFound)
}
