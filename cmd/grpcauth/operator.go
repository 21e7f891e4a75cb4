package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
)

// operator is the actor, in the audit record, of what is done at the database
// itself.
const operator = "operator"

// use runs fn with the database that is there; none is made.
func (f storeFlag) use(ctx context.Context, fn func(store.Store) error) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	if err := f.exists(); err != nil {
		return err
	}
	st, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = closed(err, st) }()
	return fn(st)
}

// exists keeps a slip in a path from becoming an empty database.
func (f storeFlag) exists() error {
	if isPostgres(f.Store) {
		return nil
	}
	path, err := parseSQLite(f.Store)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("open database %s: %w", path, cause(err))
	}
	return nil
}

// findUser finds a user by a name in any case, or by the subject.
func findUser(ctx context.Context, st store.Store, name string) (store.User, error) {
	if err := checkName("name", name, 256); err != nil {
		return store.User{}, err
	}
	// As a login does: names from before they were normalized come first.
	u, err := st.UserByName(ctx, name)
	if normal, invalid := authsvc.NormalizeUsername(name); errors.Is(err, store.ErrNotFound) && invalid == nil {
		u, err = st.UserByName(ctx, normal)
	}
	if errors.Is(err, store.ErrNotFound) {
		u, err = st.UserBySubject(ctx, name)
	}
	if errors.Is(err, store.ErrNotFound) {
		return store.User{}, fmt.Errorf("there is no user %+q: see grpcauth user list", name)
	}
	return u, err
}
