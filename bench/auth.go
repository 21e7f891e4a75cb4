package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// The groups of the AuthService.
const (
	loginGroup  = "login"
	refreshOne  = "refresh, 1 caller"
	refreshMany = "refresh, 32 callers"
	// loginCallers are enough that a hash is computed on every processor
	// whenever there is one.
	loginCallers = 16
	// refreshCallers are as many as the Store has connections to PostgreSQL.
	refreshCallers = 32
)

// The cases of the AuthService that are not a store's name.
const (
	argonCase  = "argon2id alone"
	hasherCase = "password.Hasher alone"
	rotateCase = "RotateSession of the store alone"
	belowCase  = "Refresh below gRPC"
	overCase   = "Refresh over gRPC"
)

// argonSet is what the cases of a login have in common: the parameters.
const argonSet = "argon2id 19 MiB"

// loginOf names the case of a login over a store.
func loginOf(storeName string) string { return "Login over gRPC, " + storeName }

// newAuthLab builds the cases of the AuthService that are wanted, and tells
// what can't be measured here. A lab that is returned must be closed.
func newAuthLab(want wanted, process *password.Process) (_ *lab, missing error, err error) {
	l := &lab{}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if want(loginGroup, argonSet, argonCase) {
		if err := l.addHashing(want, process); err != nil {
			return nil, nil, err
		}
	}
	for _, name := range []string{inMemory, inSQLite, inPostgres} {
		err := l.addService(name, want, process)
		if errors.Is(err, errNoPostgres) {
			missing = err
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	l.sort(loginGroup, refreshOne, refreshMany)
	return l, missing, nil
}

// addHashing adds what a login costs without a login: argon2id on every
// processor, and behind the queue.
func (l *lab) addHashing(want wanted, process *password.Process) error {
	salt, p := make([]byte, 16), password.Default()
	l.cases = append(l.cases, benchCase{
		group: loginGroup, algorithm: argonSet, name: argonCase, callers: runtime.GOMAXPROCS(0),
		run: func() error {
			argon2.IDKey([]byte(userPassword), salt, p.Time, p.MemoryKiB, p.Parallelism, 32)
			return nil
		},
	})
	if !want(loginGroup, argonSet, hasherCase) {
		return nil
	}
	hasher, err := password.NewHasher(password.Config{Process: process})
	if err != nil {
		return err
	}
	ctx := context.Background()
	hash, err := hasher.Hash(ctx, userPassword)
	l.cases = append(l.cases, benchCase{
		group: loginGroup, algorithm: argonSet, name: hasherCase, callers: loginCallers,
		run: func() error {
			_, _, err := hasher.Verify(ctx, hash, userPassword)
			return err
		},
	})
	return err
}

// addService adds the cases of one store, which share an AuthService.
func (l *lab) addService(name string, want wanted, process *password.Process) error {
	refreshes := want(refreshOne, name, belowCase) || want(refreshMany, name, belowCase)
	if !refreshes && !want(loginGroup, argonSet, loginOf(name)) {
		return nil
	}
	s, err := newService(name, refreshCallers, password.Config{Process: process})
	if err != nil {
		return err
	}
	l.stops = append(l.stops, s.stop)
	if want(loginGroup, argonSet, loginOf(name)) {
		users := turns(refreshCallers)
		l.cases = append(l.cases, benchCase{
			group: loginGroup, algorithm: argonSet, name: loginOf(name), callers: loginCallers,
			run: func() error {
				user := <-users
				defer func() { users <- user }()
				_, err := s.login(context.Background(), user)
				return err
			},
		})
	}
	if !refreshes {
		return nil
	}
	return l.addRefreshes(name, s, want)
}

// turns holds the numbers below n.
func turns(n int) chan int {
	all := make(chan int, n)
	for i := range n {
		all <- i
	}
	return all
}

// addRefreshes adds the cases that rotate sessions of their own, of which each
// is used by one caller at a time.
func (l *lab) addRefreshes(name string, s *service, want wanted) error {
	rotors, err := s.rotors()
	if err != nil {
		return err
	}
	below, err := s.sessions()
	if err != nil {
		return err
	}
	over, err := s.sessions()
	if err != nil {
		return err
	}
	ctx := near()
	for group, callers := range map[string]int{refreshOne: 0, refreshMany: refreshCallers} {
		for _, c := range []struct {
			name string
			run  func() error
		}{
			{rotateCase, func() error { return s.rotate(rotors) }},
			{belowCase, below.each(func(req *grpcauthv1.RefreshRequest) (*grpcauthv1.RefreshResponse, error) {
				return s.handler.Refresh(ctx, req)
			})},
			{overCase, over.each(func(req *grpcauthv1.RefreshRequest) (*grpcauthv1.RefreshResponse, error) {
				return s.client.Refresh(context.Background(), req)
			})},
		} {
			if want(group, name, c.name) {
				l.cases = append(l.cases, benchCase{group: group, algorithm: name, name: c.name, callers: callers, run: c.run})
			}
		}
	}
	return nil
}

// sessions are refresh tokens, taken by one caller each.
type sessions chan string

// sessions logs every user in.
func (s *service) sessions() (sessions, error) {
	all := make(sessions, refreshCallers)
	var failed error
	var mu sync.Mutex
	var users sync.WaitGroup
	for i := range refreshCallers {
		users.Go(func() {
			refreshToken, err := s.login(context.Background(), i)
			mu.Lock()
			defer mu.Unlock()
			failed = errors.Join(failed, err)
			all <- refreshToken
		})
	}
	users.Wait()
	return all, failed
}

// each refreshes one session, with an idempotency key as package authclient
// does.
func (all sessions) each(refresh func(*grpcauthv1.RefreshRequest) (*grpcauthv1.RefreshResponse, error)) func() error {
	return func() error {
		refreshToken := <-all
		answer, err := refresh(&grpcauthv1.RefreshRequest{RefreshToken: refreshToken, IdempotencyKey: rand.Text()})
		if err == nil {
			refreshToken = answer.GetTokens().GetRefreshToken()
		}
		all <- refreshToken
		return err
	}
}

// rotors makes sessions that are rotated in the store only.
func (s *service) rotors() (chan store.Rotation, error) {
	ctx, now := context.Background(), time.Now()
	all := make(chan store.Rotation, refreshCallers)
	for range refreshCallers {
		session := store.Session{
			ID: rand.Text()[:22], ClientID: "app", Subject: rand.Text(), Scopes: []string{"notes.read", "notes.write"},
			Gen: 1, CurHash: hashOf(1), IdleExpires: now.Add(24 * time.Hour), Expires: now.Add(24 * time.Hour),
		}
		counters, err := s.store.Counters(ctx, session.Subject, session.ClientID)
		if err == nil {
			err = s.store.CreateSession(ctx, session, counters.Subject)
		}
		if err != nil {
			return nil, err
		}
		all <- store.Rotation{
			ID: session.ID, Gen: 1, CurHash: session.CurHash, ClientID: session.ClientID,
			NewHash: hashOf(2), Sealed: make([]byte, 121), KeyHash: hashOf(0), Idle: 24 * time.Hour, Address: "unix",
		}
	}
	return all, nil
}

func (s *service) rotate(rotors chan store.Rotation) error {
	r := <-rotors
	err := s.store.RotateSession(context.Background(), r)
	if err == nil {
		r.Gen++
		r.CurHash, r.NewHash = r.NewHash, hashOf(r.Gen+1)
	}
	rotors <- r
	return err
}

func hashOf(gen int64) []byte {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(gen))) //nolint:gosec // counts up from 1
	return sum[:]
}
