package authsvc

import (
	"errors"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
)

// checklist: R6
func TestBuiltInUsersLoaded(t *testing.T) {
	t.Parallel()
	users := memory.New()
	for _, u := range []store.User{
		{Subject: "u1", Username: "ada", PasswordHash: "h1", Roles: []string{"author"}},
		{Subject: "u2", Username: "bob", PasswordHash: "h2", DisabledAt: time.Unix(1, 0)},
	} {
		if err := users.AddUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	d, err := newBuiltin(users)
	if err != nil {
		t.Fatal(err)
	}
	ada, err := d.load(t.Context(), "u1")
	if err != nil || ada.Username != "ada" || ada.Version == "" {
		t.Errorf("%+v, %v", ada, err)
	}
	for _, gone := range []string{"u2", "u3", ""} {
		if _, err := d.load(t.Context(), gone); !errors.Is(err, ErrGone) {
			t.Errorf("%q: %v", gone, err)
		}
	}
	if err := users.SetPassword(t.Context(), "u1", "h3"); err != nil {
		t.Fatal(err)
	}
	if again, err := d.load(t.Context(), "u1"); err != nil || again.Version == ada.Version {
		t.Errorf("another password, the same version: %v", err)
	}
	if err := users.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.load(t.Context(), "u1"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a closed store: %v", err)
	}
}
