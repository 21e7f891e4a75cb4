package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of PostgreSQL
	_ "modernc.org/sqlite"             // the driver of SQLite

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// The stores, by their names in the tables.
const (
	inMemory   = "memory"
	inSQLite   = "SQLite"
	inPostgres = "PostgreSQL"
)

// errNoPostgres: this machine can't run a PostgreSQL of its own.
var errNoPostgres = errors.New("no PostgreSQL to measure")

// openStore makes an empty store. close ends it and what it lies in.
func openStore(name string) (s store.Store, closed func(), err error) {
	switch name {
	case inMemory:
		return memory.New(), func() {}, nil
	case inSQLite:
		return openSQLite()
	case inPostgres:
		return openPostgres()
	}
	return nil, nil, fmt.Errorf("there is no store %q", name)
}

func openSQLite() (store.Store, func(), error) {
	dir, err := os.MkdirTemp("", "grpcauth-bench")
	if err != nil {
		return nil, nil, err
	}
	s, err := sqlstore.OpenSQLite(context.Background(), filepath.Join(dir, "auth.db"))
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, func() { _, _ = s.Close(), os.RemoveAll(dir) }, nil
}

// openPostgres starts a server of its own, which syncs each commit to disk.
func openPostgres() (store.Store, func(), error) {
	url, stop, err := testkit.StartPostgres()
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errNoPostgres, err)
	}
	s, err := migrated(url)
	if err != nil {
		stop()
		return nil, nil, err
	}
	return s, func() { _ = s.Close(); stop() }, nil
}

func migrated(url string) (*sqlstore.Store, error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	if err := sqlstore.Migrate(ctx, db, sqlstore.PostgreSQL); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s, err := sqlstore.New(ctx, db, sqlstore.PostgreSQL)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}
