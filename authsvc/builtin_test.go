package authsvc

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

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
	d, err := newBuiltin(users, slog.New(slog.DiscardHandler))
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

// cheapHash is as an older version might have made it: m=8192, t=1, p=1.
func cheapHash(password string) string {
	salt := []byte("0123456789abcdef")
	sum := argon2.IDKey([]byte(password), salt, 1, 8<<10, 1, 32)
	return fmt.Sprintf("$argon2id$v=19$m=8192,t=1,p=1$%s$%s",
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum))
}

// checklist: P1
func TestLoginRehashesACheapHash(t *testing.T) {
	t.Parallel()
	users, old := memory.New(), cheapHash("correct horse")
	if err := users.AddUser(t.Context(), store.User{Subject: "u1", Username: "ada", PasswordHash: old}); err != nil {
		t.Fatal(err)
	}
	d, err := newBuiltin(users, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.authenticate(t.Context(), Credentials{Username: "ada", Password: "wrong horse"}); !errors.Is(err, ErrInvalidCredentials) {
		t.Fatalf("a wrong password: %v", err)
	}
	if u, _ := users.UserBySubject(t.Context(), "u1"); u.PasswordHash != old {
		t.Error("a wrong password changed the hash")
	}
	for range 2 {
		id, err := d.authenticate(t.Context(), Credentials{Username: "ada", Password: "correct horse"})
		if err != nil {
			t.Fatal(err)
		}
		if now, err := d.load(t.Context(), "u1"); err != nil || now.Version != id.Version {
			t.Errorf("the login would be refused for a password that was not changed: %v", err)
		}
	}
	u, err := users.UserBySubject(t.Context(), "u1")
	if err != nil || u.PasswordHash == old || !strings.HasPrefix(u.PasswordHash, "$argon2id$v=19$m=19456,t=2,") {
		t.Errorf("the hash is not today's: %v", err)
	}
}

// Whoever's rehash comes second has the right password all the same.
//
// checklist: P1
func TestLoginsThatRehashAtOnce(t *testing.T) {
	t.Parallel()
	users := memory.New()
	if err := users.AddUser(t.Context(), store.User{Subject: "u1", Username: "ada", PasswordHash: cheapHash("correct horse")}); err != nil {
		t.Fatal(err)
	}
	second, err := newBuiltin(users, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	first := *second
	var once sync.Once
	second.users = beforeRehash{users, func() {
		once.Do(func() {
			if _, err := first.authenticate(t.Context(), Credentials{Username: "ada", Password: "correct horse"}); err != nil {
				t.Error(err)
			}
		})
	}}
	id, err := second.authenticate(t.Context(), Credentials{Username: "ada", Password: "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	if now, err := second.load(t.Context(), "u1"); err != nil || now.Version != id.Version {
		t.Errorf("the login would be refused for a password that was not changed: %v", err)
	}
}

// beforeRehash is a store in which something happens right before a rehash.
type beforeRehash struct {
	*memory.Store
	happens func()
}

func (s beforeRehash) Rehash(ctx context.Context, subject, old, hash string) error {
	s.happens()
	return s.Store.Rehash(ctx, subject, old, hash)
}

// checklist: P2
func TestAnUnusableHashIsAWrongPassword(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	users := memory.New()
	d, err := newBuiltin(users, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	for name, hash := range map[string]string{"none": "", "foreign": "$2b$12$abcdefghijklmnopqrstuv"} {
		if err := users.AddUser(t.Context(), store.User{Subject: "id-of-" + name, Username: name, PasswordHash: hash}); err != nil {
			t.Fatal(err)
		}
		given := Credentials{Username: name, Password: "correct horse"}
		if _, err := d.authenticate(t.Context(), given); !errors.Is(err, ErrInvalidCredentials) {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.Contains(log.String(), "subject=id-of-"+name) || hash != "" && strings.Contains(log.String(), hash) {
			t.Errorf("%s: the log does not name the user, or shows the hash: %s", name, log.String())
		}
		// It costs a hash: who gives up after the look-up is not answered.
		ctx, cancel := context.WithCancel(t.Context())
		impatient := builtin{users: afterLookup{users, cancel}, hasher: d.hasher, log: d.log}
		if _, err := impatient.authenticate(ctx, given); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: answered without a hash: %v", name, err)
		}
	}
}

// afterLookup is a store in which something happens once a user was read.
type afterLookup struct {
	*memory.Store
	happens func()
}

func (s afterLookup) UserByName(ctx context.Context, name string) (store.User, error) {
	defer s.happens()
	return s.Store.UserByName(ctx, name)
}
