package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strings"

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
	r.transient = func(err error) bool { return f.transient(err) || overtaken(err) }
	return r.read(ctx, "migrate", schema.up)
}

// overtaken: another process made the table between our look and our attempt.
// Looking again finds its work done.
func overtaken(err error) bool { return strings.Contains(err.Error(), "already exists") }

// schema is the migrations against one database.
type schema struct{ provider *goose.Provider }

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
	return schema{provider}, nil
}

// up migrates, unless the schema is newer.
func (s schema) up(ctx context.Context) error {
	have, know, err := s.provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > know {
		return newer(have, know)
	}
	_, err = s.provider.Up(ctx)
	return err
}

// check refuses a schema that is not the one this code was written for.
func (s schema) check(ctx context.Context) error {
	have, know, err := s.provider.GetVersions(ctx)
	switch {
	case err != nil:
		return err
	case have > know:
		return newer(have, know)
	case have < know:
		return settled{fmt.Errorf("sqlstore: the database has schema version %d, this program needs %d: run sqlstore.Migrate", have, know)}
	}
	return nil
}

func newer(have, know int64) error {
	return settled{fmt.Errorf("%w: version %d, this program knows %d: run the newer program, or restore the backup from before its upgrade",
		store.ErrNewerSchema, have, know)}
}
