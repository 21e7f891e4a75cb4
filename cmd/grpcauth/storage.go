package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver of sqlstore.OpenSQLite

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
)

// parseStore is the path of the SQLite file that --store means.
func parseStore(text string) (string, error) {
	path, named := strings.CutPrefix(text, "sqlite:")
	switch {
	case named && path != "":
		return path, nil
	case strings.HasPrefix(text, "postgres://"), strings.HasPrefix(text, "postgresql://"):
		return "", errors.New("--store: PostgreSQL comes in a later version: give the path of a SQLite file")
	case strings.Contains(text, "://"), strings.HasPrefix(text, "file:"):
		return "", fmt.Errorf("--store %s: give the path of a SQLite file, not a URL", scheme(text))
	case path == "" || text == ":memory:":
		return "", errors.New("--store: give the path of a SQLite file")
	}
	return path, nil
}

// scheme is what of a URL may be shown: the rest may hold a password.
func scheme(text string) string {
	name, _, _ := strings.Cut(text, ":")
	return name + ":..."
}

// openStore opens what --store means, making or migrating the database where
// needed.
func openStore(ctx context.Context, text string) (store.Store, error) {
	path, err := parseStore(text)
	if err != nil {
		return nil, err
	}
	return sqlstore.OpenSQLite(ctx, path)
}

// keyPath is the key file: the one that was named, or grpcauth.key beside the
// database, whose name has been checked.
func (c *serveCmd) keyPath() string {
	if c.KeyFile != "" {
		return c.KeyFile
	}
	path, _ := parseStore(c.Storage.Store)
	return filepath.Join(filepath.Dir(path), "grpcauth.key")
}
