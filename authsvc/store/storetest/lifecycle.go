package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// calls is every method that takes a context, on data that is there.
func (f *fixture) calls() map[string]func(context.Context) error {
	user := newUser(f.clock.now(), "grace")
	key := store.SigningKey{ID: "k"}
	return map[string]func(context.Context) error{
		"CreateSession": func(ctx context.Context) error {
			return f.CreateSession(ctx, newSession(f.clock.now(), "ada"), 1)
		},
		"RotateSession": func(ctx context.Context) error { return f.RotateSession(ctx, rotation(f.session)) },
		"UpdateSession": func(ctx context.Context) error {
			return f.UpdateSession(ctx, f.session.ID, func(_ time.Time, s *store.Session) error {
				s.Label = "changed"
				return nil
			})
		},
		"ReplaceSession": func(ctx context.Context) error {
			return f.ReplaceSession(ctx, f.session.ID, "", newSession(f.clock.now(), "ada"), 1)
		},
		"SessionsOf":  func(ctx context.Context) error { _, err := f.SessionsOf(ctx, "ada", "", 9); return err },
		"Sweep":       func(ctx context.Context) error { _, err := f.Sweep(ctx, 9); return err },
		"SetDisabled": func(ctx context.Context) error { return f.SetDisabled(ctx, "id-of-eve", true) },
		"Standing": func(ctx context.Context) error {
			_, err := f.Standing(ctx, store.TokenRef{ID: "t", SessionID: f.session.ID, Subject: "ada", ClientID: "app"})
			return err
		},
		"RevokeToken":   func(ctx context.Context) error { return f.RevokeToken(ctx, "t", f.clock.now().Add(time.Hour)) },
		"RaiseClient":   func(ctx context.Context) error { return f.RaiseClient(ctx, "app", "") },
		"Ledger":        func(ctx context.Context) error { _, err := f.Ledger(ctx); return err },
		"Events":        func(ctx context.Context) error { _, err := f.Events(ctx, 0, 9); return err },
		"Recover":       func(ctx context.Context) error { return f.Recover(ctx, "") },
		"UseOnce":       func(ctx context.Context) error { return f.UseOnce(ctx, "k", f.clock.now()) },
		"RecordFailure": func(ctx context.Context) error { return f.RecordFailure(ctx, store.Entry{Kind: "k"}) },
		"Entries":       func(ctx context.Context) error { _, err := f.Entries(ctx, 0, 9); return err },
		"AddClient":     func(ctx context.Context) error { return f.AddClient(ctx, store.Client{ID: "c"}) },
		"Client":        func(ctx context.Context) error { _, err := f.Client(ctx, "kept"); return err },
		"Clients":       func(ctx context.Context) error { _, err := f.Clients(ctx, "", 9); return err },
		"UpdateClient": func(ctx context.Context) error {
			return f.UpdateClient(ctx, "kept", func(_ time.Time, c *store.Client) error { c.Name = "changed"; return nil })
		},
		"Attempt": func(ctx context.Context) error { _, err := f.Attempt(ctx, store.AttemptKey{Key: "k"}); return err },
		"ChangePassword": func(ctx context.Context) error {
			return f.ChangePassword(ctx, "id-of-eve", "", "")
		},
		"Forgive":       func(ctx context.Context) error { return f.Forgive(ctx, []string{"k"}, []string{"l"}) },
		"Session":       func(ctx context.Context) error { _, err := f.Session(ctx, f.session.ID); return err },
		"Renewal":       func(ctx context.Context) error { _, err := f.Renewal(ctx, f.session.ID); return err },
		"Counters":      func(ctx context.Context) error { _, err := f.Counters(ctx, "new", "app"); return err },
		"RaiseSubject":  func(ctx context.Context) error { return f.RaiseSubject(ctx, "ada", "") },
		"AddUser":       func(ctx context.Context) error { return f.AddUser(ctx, user) },
		"UserByName":    func(ctx context.Context) error { _, err := f.UserByName(ctx, "eve"); return err },
		"UserBySubject": func(ctx context.Context) error { _, err := f.UserBySubject(ctx, "eve"); return err },
		"SetPassword":   func(ctx context.Context) error { return f.SetPassword(ctx, "id-of-eve", "") },
		"Rehash":        func(ctx context.Context) error { return f.Rehash(ctx, "id-of-eve", "", "") },
		"Users":         func(ctx context.Context) error { _, err := f.Users(ctx, "", 0); return err },
		"AddFirstKey":   func(ctx context.Context) error { _, err := f.AddFirstKey(ctx, key); return err },
		"SigningKeys":   func(ctx context.Context) error { _, err := f.SigningKeys(ctx); return err },
	}
}

func testEndedContext(t *testing.T, f *fixture) {
	noError(t, f.AddUser(t.Context(), newUser(f.clock.now(), "eve")))
	noError(t, f.AddClient(t.Context(), store.Client{ID: "kept"}))
	for name, call := range f.calls() {
		for _, how := range []error{context.Canceled, context.DeadlineExceeded} {
			err := call(ended(t, how))
			if !errors.Is(err, how) || errors.Is(err, store.ErrUnavailable) {
				t.Errorf("%s: error %v, want %v", name, err, how)
			}
		}
	}
	same(t, mustRead(t, f, f.session.ID), f.session)
	same(t, listUsers(t, f, "", 9), []string{"eve"})
	clients, err := f.Clients(t.Context(), "", 9)
	noError(t, err)
	same(t, clients, []store.Client{{ID: "kept"}})
	same(t, events(t, f), nil)
	same(t, entries(t, f), nil)
}

func testClosed(t *testing.T, f *fixture) {
	noError(t, f.Close())
	for name, call := range f.calls() {
		if err := call(t.Context()); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: error %v, want %v", name, err, store.ErrUnavailable)
		}
	}
	noError(t, f.Close())
}

// testNoSharedMemory scribbles over everything that went in or came out.
func testNoSharedMemory(t *testing.T, f *fixture) {
	in := newSession(f.clock.now(), "ada")
	want := newSession(f.clock.now(), "ada")
	want.ID = in.ID
	mustCreate(t, f, in)
	scribble(&in)
	same(t, mustRead(t, f, in.ID), want)

	out := mustRead(t, f, in.ID)
	scribble(&out)
	var kept *store.Session
	mustUpdate(t, f, in.ID, func(s *store.Session) { kept = s })
	scribble(kept)
	same(t, mustRead(t, f, in.ID), want)

	r := rotation(want)
	noError(t, f.RotateSession(t.Context(), r))
	r.NewHash[0], r.Sealed[0] = 'x', 'x'
	after := mustRead(t, f, in.ID)
	same(t, after.CurHash, hash(2))
	same(t, string(after.Sealed), "sealed next")

	testUserMemory(t, f)
	testKeyMemory(t, f)
}

func scribble(s *store.Session) {
	s.Scopes[0], s.Audiences[0], s.AMR[0] = "x", "x", "x"
	s.CurHash[0], s.PrevHash[0], s.Sealed[0] = 'x', 'x', 'x'
}

func testUserMemory(t *testing.T, f *fixture) {
	in, want := newUser(f.clock.now(), "eve"), newUser(f.clock.now(), "eve")
	noError(t, f.AddUser(t.Context(), in))
	in.Scopes[0], in.Roles[0] = "x", "x"
	for range 2 {
		got, err := f.UserByName(t.Context(), "eve")
		noError(t, err)
		same(t, got, want)
		got.Scopes[0], got.Roles[0] = "x", "x"
		page, err := f.Users(t.Context(), "", 9)
		noError(t, err)
		page[0].Scopes[0] = "x"
	}
}

func testKeyMemory(t *testing.T, f *fixture) {
	k := store.SigningKey{ID: "k", Algorithm: "EdDSA", Sealed: []byte("sealed")}
	for range 2 {
		got, err := f.AddFirstKey(t.Context(), k)
		noError(t, err)
		same(t, string(got.Sealed), "sealed")
		got.Sealed[0], k.Sealed[0] = 'x', 'x'
		keys, err := f.SigningKeys(t.Context())
		noError(t, err)
		same(t, string(keys[0].Sealed), "sealed")
		keys[0].Sealed[0] = 'x'
	}
}
