package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
)

// migrateCmd is about the schema of the database.
type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" help:"Bring the schema up to date, and make it in an empty database."`
	Status migrateStatusCmd `cmd:"" help:"Tell which version the schema has and which one is needed. Exits with 1 unless they are the same."`
}

type migrateUpCmd struct {
	Storage storeFlag `embed:""`
	Sources sources   `embed:""`
}

// Help is shown below the summary of the command.
func (*migrateUpCmd) Help() string {
	return `serve does this by itself at its start. Run it before, as a role that may change tables, where the role of serve may not. Several may run at once; nothing is done twice.`
}

// Run migrates and prints the version.
func (c *migrateUpCmd) Run(ctx context.Context, p *process) error {
	if err := c.Storage.check(); err != nil {
		return err
	}
	st, err := c.Storage.open(ctx)
	if err != nil {
		return err
	}
	if err := closed(nil, st); err != nil {
		return err
	}
	have, _, err := c.Storage.versions(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s has schema version %d\n", c.Storage, have)
	return err
}

type migrateStatusCmd struct {
	Storage storeFlag `embed:""`
	Sources sources   `embed:""`
}

// Run prints both versions and changes nothing.
func (c *migrateStatusCmd) Run(ctx context.Context, p *process) error {
	if err := c.Storage.check(); err != nil {
		return err
	}
	have, need, err := c.Storage.versions(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s has schema version %d, this program needs %d\n", c.Storage, have, need)
	switch {
	case err != nil:
		return err
	case have < need:
		return errors.New("the schema is not up to date: run grpcauth migrate up")
	case have > need:
		return fmt.Errorf("%w: run the newer program, or restore the backup from before its upgrade", store.ErrNewerSchema)
	}
	return nil
}

// versions is that of the schema and the one that is needed.
func (f storeFlag) versions(ctx context.Context) (have, need int64, err error) {
	db, dialect, err := f.database()
	if err != nil {
		return 0, 0, err
	}
	have, need, err = sqlstore.Versions(ctx, db, dialect)
	if err != nil {
		err = fmt.Errorf("open database %s: %w", f, err)
	}
	return have, need, errors.Join(err, db.Close())
}

// database is what there is; none is made.
func (f storeFlag) database() (*sql.DB, sqlstore.Dialect, error) {
	if isPostgres(f.Store) {
		db, err := f.pool()
		return db, sqlstore.PostgreSQL, err
	}
	path, err := parseSQLite(f.Store)
	if err != nil {
		return nil, 0, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, 0, fmt.Errorf("open database %s: %w", path, cause(err))
	}
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	return db, sqlstore.SQLite, err
}
