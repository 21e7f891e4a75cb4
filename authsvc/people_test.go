package authsvc_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store"
)

const (
	adaSubject  = "u-7f3a"
	adaPassword = "correct horse battery"
)

// people is the user table of an application that brings its own.
type people struct {
	mu     sync.Mutex
	byName map[string]person
	down   error

	// checked and loaded run inside Authenticate and Load, once the answer is
	// known and before it is given.
	checked, loaded func()
}

type person struct {
	authsvc.Identity
	password string
}

func newPeople() *people {
	return &people{byName: map[string]person{
		"ada": {authsvc.Identity{
			Subject: adaSubject, Username: "ada",
			Scopes: []string{"notes.read", "notes.write"}, Roles: []string{"author"},
			Claims: map[string]any{"tier": "gold"}, Version: "1",
		}, adaPassword},
	}}
}

func (p *people) Authenticate(_ context.Context, c authsvc.Credentials) (authsvc.Identity, error) {
	who, ok, down := p.find(func(who person) bool { return who.Username == c.Username })
	if p.checked != nil {
		p.checked()
	}
	switch {
	case down != nil:
		return authsvc.Identity{}, down
	case !ok || who.password != c.Password:
		return authsvc.Identity{}, authsvc.ErrInvalidCredentials
	}
	return who.Identity, nil
}

func (p *people) Load(_ context.Context, subject string) (authsvc.Identity, error) {
	who, ok, down := p.find(func(who person) bool { return who.Subject == subject })
	if p.loaded != nil {
		p.loaded()
	}
	switch {
	case down != nil:
		return authsvc.Identity{}, down
	case !ok:
		return authsvc.Identity{}, authsvc.ErrGone
	}
	return who.Identity, nil
}

func (p *people) find(is func(person) bool) (person, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := slices.Collect(maps.Values(p.byName))
	i := slices.IndexFunc(all, is)
	if i < 0 {
		return person{}, false, p.down
	}
	return all[i], true, p.down
}

// change changes ada.
func (p *people) change(change func(*person)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ada := p.byName["ada"]
	change(&ada)
	p.byName["ada"] = ada
}

func (p *people) remove(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.byName, name)
}

func (p *people) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = err
}

// builtIn makes the service use the users of its store.
func builtIn(s *setup) { s.config.Authenticate, s.config.Load = nil, nil }

// addAda puts ada into the store.
func (w *world) addAda(change func(*store.User)) {
	w.t.Helper()
	u := store.User{
		Subject: adaSubject, Username: "ada", PasswordHash: hashed(w.t, adaPassword),
		Scopes: []string{"notes.read"}, Roles: []string{"author"}, CreatedAt: w.clock.Now(),
	}
	if change != nil {
		change(&u)
	}
	if err := w.store.AddUser(w.t.Context(), u); err != nil {
		w.t.Fatal(err)
	}
}

func hashed(t testing.TB, text string) string {
	t.Helper()
	hasher, err := password.NewHasher(password.Config{})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := hasher.Hash(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}
