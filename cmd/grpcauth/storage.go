package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"
	_ "modernc.org/sqlite" // the driver of sqlstore.OpenSQLite

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
)

// storeFlag is shared by every command that uses the database.
type storeFlag struct {
	Store             string `group:"Storage and keys:" default:"grpcauth.db" help:"Where users and sessions are kept: a SQLite file, as PATH or sqlite:PATH, made when there is none; or PostgreSQL, as postgres://ROLE@HOST:PORT/DATABASE?sslmode=verify-full."`
	StorePasswordFile string `group:"Storage and keys:" placeholder:"PATH" help:"The password of the PostgreSQL role. A line break at its end is not part of it."`
}

// BeforeResolve is called by kong once the command line is read. Others on the
// machine can read that.
func (*storeFlag) BeforeResolve(ctx *kong.Context) error {
	text := given(ctx)["store"]
	if !isPostgres(text) {
		return nil
	}
	u, err := parsePostgres(text)
	if err != nil || u.User == nil {
		return err
	}
	if _, has := u.User.Password(); has {
		return errors.New("--store holds a password, which others on this machine can see: use --store-password-file, or the variable GRPCAUTH_STORE")
	}
	return nil
}

// check finds what can't be meant, before anything is opened or made.
func (f storeFlag) check() error {
	if isPostgres(f.Store) {
		_, err := f.postgres()
		return err
	}
	if f.StorePasswordFile != "" {
		return errors.New("--store-password-file is for PostgreSQL only: leave it out, or give --store postgres://ROLE@HOST/DATABASE")
	}
	_, err := parseSQLite(f.Store)
	return err
}

// name is what of --store may be shown: everything but secrets.
func (f storeFlag) name() string {
	if !isPostgres(f.Store) {
		if _, err := parseSQLite(f.Store); err != nil {
			return "..." // whatever it is
		}
		return f.Store
	}
	u, err := parsePostgres(f.Store)
	if err != nil {
		return scheme(f.Store)
	}
	return postgresName(u)
}

// String is name, whoever prints the flag.
func (f storeFlag) String() string { return f.name() }

// GoString is name, whoever prints the flag.
func (f storeFlag) GoString() string { return f.name() }

// open opens the database, making or migrating it where needed.
func (f storeFlag) open(ctx context.Context) (store.Store, error) {
	if isPostgres(f.Store) {
		return f.openPostgres(ctx)
	}
	path, err := parseSQLite(f.Store)
	if err != nil {
		return nil, err
	}
	return sqlstore.OpenSQLite(ctx, path)
}

// parseSQLite is the path of the SQLite file that --store means.
func parseSQLite(text string) (string, error) {
	path, named := strings.CutPrefix(text, "sqlite:")
	switch {
	case named && path != "":
		return path, nil
	case bareAddress(text):
		return "", errBareAddress
	case strings.Contains(text, "://"), strings.HasPrefix(text, "file:"):
		return "", fmt.Errorf("--store %s: give the path of a SQLite file, or postgres://ROLE@HOST/DATABASE", scheme(text))
	case path == "" || text == ":memory:":
		return "", errors.New("--store: give the path of a SQLite file")
	}
	return path, nil
}

var errBareAddress = errors.New("--store looks like the address of a database, and it does not begin with postgres://: " +
	"write postgres://ROLE@HOST:PORT/DATABASE?sslmode=verify-full and put the password into --store-password-file; " +
	"a SQLite file of that name is sqlite:PATH")

// bareAddress finds what other programs take for the address of a database, as
// "host=h user=u password=p" and "u:p@h/d". As the path of a file, its password
// would be shown.
func bareAddress(text string) bool {
	if strings.Contains(strings.Join(strings.Fields(strings.ToLower(text)), ""), "password=") {
		return true
	}
	if strings.Contains(text, "://") {
		return false
	}
	if filepath.IsAbs(text) {
		text = text[len(filepath.VolumeName(text)):] // C: on Windows
	}
	_, rest, _ := strings.Cut(text, ":")
	return strings.Contains(rest, "@")
}

// scheme is what of a URL may be shown: the rest may hold a password.
func scheme(text string) string {
	name, _, _ := strings.Cut(text, ":")
	return name + ":..."
}

// keyPath is the key file: the one that was named, or grpcauth.key beside the
// SQLite file, whose name has been checked.
func (f storeFlag) keyPath(named string) string {
	if named != "" || isPostgres(f.Store) {
		return named
	}
	path, _ := parseSQLite(f.Store)
	return filepath.Join(filepath.Dir(path), "grpcauth.key")
}

func (c *serveCmd) keyPath() string { return c.Storage.keyPath(c.KeyFile) }

// checkKeyFile: servers that share a database share its key, so none of them
// makes one up.
func (c *serveCmd) checkKeyFile() error {
	if isPostgres(c.Storage.Store) && c.KeyFile == "" {
		return errors.New("--key-file is needed with PostgreSQL, the same on every server: " + makeKeyFile("grpcauth.key"))
	}
	return nil
}

func makeKeyFile(path string) string {
	return fmt.Sprintf(`make one with (umask 077; echo "%s$(openssl rand -base64 %d | tr +/ -_ | tr -d =)" > %s) and back it up`, keyMark, keyLen, path)
}
