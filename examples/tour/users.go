package main

import (
	"context"
	"crypto/rand"

	_ "modernc.org/sqlite" // the driver

	passwords "github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
)

// addAda makes a store with ada in it, as `grpcauth user add` does.
func addAda(ctx context.Context, path string) error {
	users, err := sqlstore.OpenSQLite(ctx, path)
	if err != nil {
		return err
	}
	defer users.Close()
	hasher, err := passwords.NewHasher(passwords.Config{})
	if err != nil {
		return err
	}
	hash, err := hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return users.AddUser(ctx, store.User{
		Subject:      rand.Text(),
		Username:     username,
		PasswordHash: hash,
		Scopes:       []string{"notes.read", "notes.write"},
	})
}
