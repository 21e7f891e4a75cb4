package authclient

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// Resume goes on with the session that a store holds, where [Login] or an
// earlier Resume left it, however that program ended. It refreshes at once,
// over conn, which is used as Login uses it, so that what it returns can be
// used; the context is for that alone.
//
// The one option that it takes is [InsecureAllowPlaintext].
//
// Errors: [ErrNoSession] when the store holds none; [ErrSessionEnded] when the
// server has ended it (both: log in); what the store returns; else why the
// refresh failed. After any other error than ErrSessionEnded, what is saved is
// as good as before: try again. A session that the server has ended is removed
// from the store; one that it does not know, REFRESH_INVALID, is not.
func Resume(ctx context.Context, conn grpc.ClientConnInterface, store TokenStore, opts ...Option) (*Session, error) {
	c := newConfig(opts)
	if store == nil {
		return nil, errors.New("authclient: resume: without a store there is nothing to resume: pass one, such as that of NewFileStore")
	}
	if err := c.resumable(); err != nil {
		return nil, err
	}
	c.store = store
	saved, err := peek(ctx, store)
	if err != nil {
		return nil, fmt.Errorf("authclient: resume: %w", err)
	}
	s := newSession(grpcauthv1.NewAuthServiceClient(conn), c)
	s.start(&grant{session: saved.SessionID}, s.fetch)
	if err := s.Refresh(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("authclient: resume: %w", err)
	}
	return s, nil
}

// peek is what a store holds now.
func peek(ctx context.Context, store TokenStore) (Saved, error) {
	unlock, err := store.Lock(ctx)
	if err != nil {
		return Saved{}, err
	}
	defer unlock()
	saved, err := store.Load(ctx)
	if err == nil && saved.RefreshToken == "" {
		err = ErrNoSession
	}
	return saved, err
}
