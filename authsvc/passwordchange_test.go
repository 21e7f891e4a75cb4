package authsvc_test

import (
	"context"
	"sync"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// changesPassword is a store in which ada's password is changed right after
// a login has read it.
type changesPassword struct {
	store.Store
	change func(store.Store)
	once   sync.Once
}

func (s *changesPassword) UserByName(ctx context.Context, name string) (store.User, error) {
	u, err := s.Store.UserByName(ctx, name)
	s.once.Do(func() { s.change(s.Store) })
	return u, err
}

// A login that began before a password change can't finish after it, wherever
// the change falls.
//
// checklist: R6
func TestLoginDuringAPasswordChange(t *testing.T) {
	t.Parallel()
	newPassword := hashed(t, "another password")
	setPassword := func(s store.Store) {
		if err := s.SetPassword(context.Background(), adaSubject, newPassword); err != nil {
			panic(err)
		}
	}
	t.Run("built-in users, after the hash was read", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, builtIn, func(s *setup) {
			s.wrap = func(inner store.Store) store.Store { return &changesPassword{Store: inner, change: setPassword} }
		})
		w.addAda(nil)
		_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
		wantRefusal(t, err, "Aborted CONFLICT")
		_, err = w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
		wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
	})
	// The caller's own table: changed first, raised then.
	for name, when := range map[string]func(*people, func()){
		"while Authenticate runs": func(p *people, change func()) { p.checked = change },
		"while Load runs":         func(p *people, change func()) { p.loaded = change },
	} {
		t.Run("caller's own users, "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var once sync.Once
			when(w.people, func() {
				once.Do(func() {
					w.people.change(func(p *person) { p.password, p.Version = "another password", "2" })
					if err := w.store.RaiseSubject(context.Background(), adaSubject, "the password was changed"); err != nil {
						panic(err)
					}
				})
			})
			_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
			wantRefusal(t, err, "Aborted CONFLICT")
			_, err = w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
			wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
		})
	}
	t.Run("caller's own users, gone while Authenticate runs", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.people.checked = func() { w.people.remove("ada") }
		_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword})
		wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
	})
}
