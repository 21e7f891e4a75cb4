package authsvc_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// modelClients are the clients and what each may be granted.
var modelClients = map[string][]string{"web": {"notes.read", "notes.write"}, "phone": {"notes.read"}}

// modelWorld is a world whose users are the store's, with passwords that cost
// nothing to check.
type modelWorld struct {
	*world
	uneven *uneven
}

// uneven is a store whose steps take their time while it is on, so that those
// of several callers fall between each other.
type uneven struct {
	store.Store
	on atomic.Bool
}

func (s *uneven) pause() {
	if s.on.Load() {
		<-time.After(rand.N(3 * time.Millisecond))
	}
}

func (s *uneven) Counters(ctx context.Context, subject, client string) (store.Counters, error) {
	s.pause()
	return s.Store.Counters(ctx, subject, client)
}

func (s *uneven) CreateSession(ctx context.Context, session store.Session, counter int64, log ...store.Entry) error {
	s.pause()
	return s.Store.CreateSession(ctx, session, counter, log...)
}

func (s *uneven) RotateSession(ctx context.Context, r store.Rotation) error {
	s.pause()
	return s.Store.RotateSession(ctx, r)
}

func (s *uneven) UpdateSession(ctx context.Context, id string, fn func(time.Time, *store.Session) error) error {
	s.pause()
	return s.Store.UpdateSession(ctx, id, fn)
}

// onEveryEngine runs a test against every kind of store there is. What is kept
// in memory goes the faster, and longer.
func onEveryEngine(t *testing.T, test func(t *testing.T, database engine, times int)) {
	t.Helper()
	for _, engine := range []struct {
		name  string
		one   engine
		times int
	}{{"memory", inMemory, 8}, {"SQLite", onSQLite, 1}, {"PostgreSQL", onPostgres, 1}} {
		t.Run(engine.name, func(t *testing.T) {
			t.Parallel()
			test(t, engine.one, engine.times)
		})
	}
}

// engine makes a database, which can be opened more than once.
type engine func(testing.TB) opener

func inMemory(testing.TB) opener {
	var one store.Store
	return func(_ testing.TB, now func() time.Time) store.Store {
		if one == nil {
			one = memory.New(memory.WithNow(now))
		}
		return one
	}
}

func onSQLite(t testing.TB) opener {
	path := filepath.Join(t.TempDir(), "auth.db")
	return func(t testing.TB, now func() time.Time) store.Store { return openSQLiteAt(t, path, now) }
}

func onPostgres(t testing.TB) opener {
	url := testkit.Postgres(t)
	return func(t testing.TB, now func() time.Time) store.Store {
		return openPostgresAt(t, url, sqlstore.WithNow(now))
	}
}

// newModelWorld is one server on a database.
func newModelWorld(t testing.TB, open opener) *modelWorld {
	t.Helper()
	w := &modelWorld{uneven: &uneven{}}
	w.world = newWorld(t, open.use, func(s *setup) {
		s.wrap = func(inner store.Store) store.Store { w.uneven.Store = inner; return w.uneven }
		s.config.RefreshTTL, s.config.SessionTTL, s.config.AccessTTL = modelIdle, modelAbsolute, modelAccessed
		s.config.Authenticate, s.config.Load = w.authenticate, w.load
		s.config.Clients = nil
		for id, scopes := range modelClients {
			s.config.Clients = append(s.config.Clients, authsvc.Client{ID: id, Scopes: scopes})
		}
	})
	return w
}

// addPeople adds those who log in.
func (w *modelWorld) addPeople(m *model) {
	w.t.Helper()
	for _, name := range []string{"ada", "bob", "eve"} {
		p := &modelPerson{subject: name, name: name, password: "password 0", counter: 1}
		m.people[name] = p
		if err := w.store.AddUser(w.t.Context(), store.User{Subject: name, Username: name, PasswordHash: "hash of " + p.password}); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *modelWorld) authenticate(ctx context.Context, c authsvc.Credentials) (authsvc.Identity, error) {
	u, err := w.store.UserByName(ctx, c.Username)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!u.DisabledAt.IsZero() || u.PasswordHash != "hash of "+c.Password) {
		return authsvc.Identity{}, authsvc.ErrInvalidCredentials
	}
	return identity(u), err
}

func (w *modelWorld) load(ctx context.Context, subject string) (authsvc.Identity, error) {
	u, err := w.store.UserBySubject(ctx, subject)
	if errors.Is(err, store.ErrNotFound) || err == nil && !u.DisabledAt.IsZero() {
		return authsvc.Identity{}, authsvc.ErrGone
	}
	return identity(u), err
}

func identity(u store.User) authsvc.Identity {
	return authsvc.Identity{Subject: u.Subject, Username: u.Username, Scopes: []string{"notes.read", "notes.write"}, Version: u.PasswordHash}
}

func (w *modelWorld) answer(tokens *grpcauthv1.Tokens, err error) answer {
	a := answer{refusal: refusal(err), tokens: tokens}
	if err != nil {
		return a
	}
	if a.claims, err = w.verifier.Verify(context.Background(), tokens.GetAccessToken()); err != nil {
		a.refusal = "an access token that does not verify: " + err.Error()
	}
	return a
}

// decodedToken is the bytes of a refresh token.
func decodedToken(refreshToken string) []byte {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(refreshToken, "grt_"))
	if err != nil {
		panic(err)
	}
	return raw
}

// hashOfToken is what the store has of a token, nothing for none.
func hashOfToken(refreshToken string) []byte {
	if refreshToken == "" {
		return nil
	}
	sum := sha256.Sum256(decodedToken(refreshToken)[29:61])
	return sum[:]
}
