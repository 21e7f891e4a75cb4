package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable keeps the schema's version. It has a name of its own so that
// an application may run goose in the same database.
const versionTable = "grpcauth_schema_version"

// Migrate brings the schema up to date; an empty database gets all of it.
// Several processes may do so at once. store.ErrNewerSchema, and nothing is
// touched, when a newer version of this program has been here.
func Migrate(ctx context.Context, db *sql.DB, dialect Dialect) error {
	f, err := dialect.fragments()
	if err != nil {
		return err
	}
	schema, err := newSchema(db, f)
	if err != nil {
		return err
	}
	r := newRunner(f)
	r.transient = func(err error) bool {
		_, ok := errors.AsType[overtaken](err)
		return ok || f.transient(err)
	}
	if err := r.read(ctx, "migrate", func(ctx context.Context) error { return f.check(ctx, db) }); err != nil {
		return err
	}
	r.patience = migratePatience
	return r.read(ctx, "migrate", schema.up)
}

// migratePatience is how long a migration may take, with the wait for another
// process that is at it.
const migratePatience = 5 * time.Minute

// Versions is the version of the schema in a database, 0 for none, and the one
// that this program needs. It changes nothing.
func Versions(ctx context.Context, db *sql.DB, dialect Dialect) (have, need int64, err error) {
	f, err := dialect.fragments()
	if err != nil {
		return 0, 0, err
	}
	schema, err := newSchema(db, f)
	if err != nil {
		return 0, 0, err
	}
	r := newRunner(f)
	err = r.read(ctx, "read schema version", func(ctx context.Context) (err error) {
		have, err = schema.version(ctx)
		return err
	})
	return have, schema.need, err
}

// overtaken: another process did the work between our look and our attempt.
// Looking again finds it done.
type overtaken struct{ error }

// schema is the migrations against one database.
type schema struct {
	fragments
	db       *sql.DB
	provider *goose.Provider
	need     int64
}

func newSchema(db *sql.DB, f fragments) (schema, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return schema{}, err
	}
	provider, err := goose.NewProvider(f.goose, db, files,
		goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return schema{}, fmt.Errorf("sqlstore: %w", err)
	}
	sources := provider.ListSources()
	return schema{fragments: f, db: db, provider: provider, need: sources[len(sources)-1].Version}, nil
}

// version is that of the database. goose would make its table to tell.
func (s schema) version(ctx context.Context) (have int64, err error) {
	var tables int
	if err := s.db.QueryRowContext(ctx, s.hasTable, versionTable).Scan(&tables); err != nil || tables == 0 {
		return 0, err
	}
	err = s.db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM `+versionTable).Scan(&have)
	return have, err
}

// up migrates, unless the schema is newer. One that is current is only looked
// at, so a role that may not change tables will do.
func (s schema) up(ctx context.Context) error {
	have, err := s.version(ctx)
	switch {
	case err != nil || have == s.need:
		return err
	case have > s.need:
		return newer(have, s.need)
	}
	if s.lock != nil {
		unlock, err := s.lock(ctx, s.db)
		if err != nil {
			return err
		}
		defer unlock()
	}
	err = s.apply(ctx)
	if err == nil {
		return nil
	}
	if now, lookErr := s.version(ctx); lookErr == nil && now > have {
		return overtaken{err}
	}
	return err
}

// once keeps a version from being recorded twice, and so, because the record
// is in the migration's transaction, from being applied twice.
const once = `CREATE UNIQUE INDEX IF NOT EXISTS ` + versionTable + `_once ON ` + versionTable + ` (version_id)`

func (s schema) apply(ctx context.Context) error {
	if _, _, err := s.provider.GetVersions(ctx); err != nil { // makes the table
		return err
	}
	if _, err := s.db.ExecContext(ctx, once); err != nil {
		return err
	}
	_, err := s.provider.Up(ctx)
	return err
}

// current refuses a schema that is not the one this code was written for.
func (s schema) current(ctx context.Context) error {
	have, err := s.version(ctx)
	switch {
	case err != nil:
		return err
	case have > s.need:
		return newer(have, s.need)
	case have < s.need:
		return settled{fmt.Errorf("sqlstore: the database has schema version %d, this program needs %d: run sqlstore.Migrate", have, s.need)}
	}
	return nil
}

func newer(have, know int64) error {
	return settled{fmt.Errorf("%w: version %d, this program knows %d: run the newer program, or restore the backup from before its upgrade",
		store.ErrNewerSchema, have, know)}
}
