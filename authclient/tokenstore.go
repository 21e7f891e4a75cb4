package authclient

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// TokenStore keeps one session where it survives the program: a file (see
// [FileStore]), a keychain, a secret of the cluster. Give it to [Login] by
// [WithStore], and to [Resume].
//
// Several programs may share a store, and so a session. The lock is what
// keeps them from ending it: whoever renews holds it from before the refresh
// token is read until its successor is saved, so that no two of them use up
// one refresh token.
//
// A store is safe for concurrent use.
type TokenStore interface {
	// Lock waits until nobody else holds the lock: no other user of this
	// store, nor of one for the same place, in this program or another. It is
	// held until unlock is called or the program dies, however it dies. Lock
	// returns an error when ctx ends first.
	Lock(ctx context.Context) (unlock func(), err error)

	// Load is what was saved last, and the zero Saved when there is nothing.
	// The caller holds the lock.
	Load(ctx context.Context) (Saved, error)

	// Save puts s in the place of what was saved, all of it or nothing, also
	// when the program or the machine dies on the way. It is lasting when Save
	// returns nil; after an error it may or may not have been done. The zero
	// Saved means that nothing shall be left. The caller holds the lock.
	Save(ctx context.Context, s Saved) error
}

// Saved is what a [TokenStore] keeps of a session. It encodes as JSON, and
// then it is as secret as a password: whoever reads it is the user. Printing
// or logging it shows the session's id only.
type Saved struct {
	// ClientID is the client that the user signed in with, "" for the
	// server's default.
	ClientID string `json:"client_id,omitempty"`
	// SessionID names the session. It is no secret.
	SessionID string `json:"session_id"`
	// RefreshToken is the newest that was received.
	RefreshToken string `json:"refresh_token"`
	// IdempotencyKey goes with every attempt to refresh RefreshToken, so that
	// it is answered with the same successor each time. "" before the first.
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	// Expires is about when the session ends unless it is refreshed, by this
	// machine's clock. The server decides; nothing here depends on it.
	Expires time.Time `json:"expires,omitzero"`
}

// Format prints the session's id only, whatever the verb.
func (s Saved) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.text()) }

// LogValue logs the session's id only.
func (s Saved) LogValue() slog.Value { return slog.StringValue(s.text()) }

func (s Saved) text() string { return "authclient.Saved{session=" + s.SessionID + "}" }

// processStore is the TokenStore of a session that ends with its process.
type processStore struct {
	lock  chan struct{} // holds a value while the lock is held
	saved Saved
}

func newProcessStore() *processStore { return &processStore{lock: make(chan struct{}, 1)} }

func (p *processStore) Lock(ctx context.Context) (unlock func(), err error) {
	select {
	case p.lock <- struct{}{}:
		return func() { <-p.lock }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *processStore) Load(context.Context) (Saved, error) { return p.saved, nil }

func (p *processStore) Save(_ context.Context, s Saved) error {
	p.saved = s
	return nil
}
