package main

import (
	"context"
	"sync"
	"time"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/password"
)

// user has a password and, on their phone, a secret that makes codes.
type user struct {
	authsvc.Identity

	passwordHash string
	totpSecret   []byte // encrypted where it is stored, or with whoever keeps your keys
	lastUsed     uint64 // the step of the last code that was accepted
}

// users is the table that an application has. Its own is a database.
type users struct {
	hasher *password.Hasher
	now    func() time.Time

	mu     sync.Mutex
	byName map[string]*user
}

// Authenticate is asked twice at a login: with the name and the password, and
// then, if these were right, with the answer to what it asked for.
func (u *users) Authenticate(ctx context.Context, c authsvc.Credentials) (authsvc.Identity, error) {
	if c.Challenge != nil {
		return u.second(c.Challenge)
	}
	hash, id, found := u.find(c.Username)
	if !found {
		if err := u.hasher.VerifyNone(ctx, c.Password); err != nil { // costs what a wrong password costs
			return authsvc.Identity{}, err
		}
		return authsvc.Identity{}, authsvc.ErrInvalidCredentials
	}
	right, _, err := u.hasher.Verify(ctx, hash, c.Password)
	if err != nil {
		return authsvc.Identity{}, err
	}
	if !right {
		return authsvc.Identity{Subject: id.Subject}, authsvc.ErrInvalidCredentials
	}
	// The state comes back with the answer. The client can't read it.
	return id, &authsvc.ChallengeError{Method: "totp", State: []byte(id.Subject)}
}

// second checks a code. Each is good once (RFC 6238 §5.2): who reads it over a
// shoulder comes too late.
func (u *users) second(answer *authsvc.ChallengeAnswer) (authsvc.Identity, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	who := u.bySubject(string(answer.State))
	if who == nil {
		return authsvc.Identity{}, authsvc.ErrInvalidCredentials
	}
	counter, ok := counterOf(who.totpSecret, answer.Response, u.now())
	if !ok || counter <= who.lastUsed {
		return authsvc.Identity{Subject: who.Subject}, authsvc.ErrInvalidCredentials
	}
	who.lastUsed = counter
	id := who.Identity
	id.AMR = []string{"pwd", "otp"} // the `amr` of the tokens (RFC 8176)
	return id, nil
}

// Load is asked at every login and every refresh.
func (u *users) Load(_ context.Context, subject string) (authsvc.Identity, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if who := u.bySubject(subject); who != nil {
		return who.Identity, nil
	}
	return authsvc.Identity{}, authsvc.ErrGone
}

func (u *users) find(typed string) (hash string, id authsvc.Identity, found bool) {
	name, err := authsvc.NormalizeUsername(typed)
	u.mu.Lock()
	defer u.mu.Unlock()
	who := u.byName[name]
	if err != nil || who == nil {
		return "", authsvc.Identity{}, false
	}
	return who.passwordHash, who.Identity, true
}

// bySubject needs the lock.
func (u *users) bySubject(subject string) *user {
	for _, who := range u.byName {
		if who.Subject == subject {
			return who
		}
	}
	return nil
}
