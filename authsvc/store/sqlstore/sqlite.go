package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3/database"
)

// sqliteDriver is the name modernc.org/sqlite registers itself by.
const sqliteDriver = "sqlite"

func sqliteFragments() fragments {
	return fragments{
		goose:     database.DialectSQLite3,
		now:       "$1",
		least:     "min",
		begin:     "BEGIN IMMEDIATE", // locks the whole database, so no row needs a lock
		hasTable:  "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1",
		oneWriter: true,
		// Other processes don't queue: they take the lock whenever they find
		// it free, so who looks seldom starves.
		longestPause: 8 * time.Millisecond,
		check:        checkSQLite,
		transient:    sqliteBusy,
		lost:         func(error) bool { return false }, // there is no connection to lose
		explain:      sqliteExplain,
	}
}

// OpenSQLite opens the database file at path, making it (mode 0600) or
// bringing its schema up to date where needed. The program must import the
// driver, modernc.org/sqlite.
//
// store.ErrNewerSchema when a newer version of this program wrote the file.
func OpenSQLite(ctx context.Context, path string, opts ...Option) (*Store, error) {
	s, err := openSQLite(ctx, path, opts)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return s, nil
}

func openSQLite(ctx context.Context, path string, opts []Option) (*Store, error) {
	if err := touch(path); err != nil {
		return nil, err
	}
	db, err := sql.Open(sqliteDriver, SQLiteDSN(path))
	if err != nil {
		return nil, err
	}
	if err := Migrate(ctx, db, SQLite); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s, err := New(ctx, db, SQLite, opts...)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// touch makes the file if there is none, because SQLite would let others read
// it. The files that SQLite puts beside it take their mode from it.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		// The caller names the path.
		if inner, ok := errors.AsType[*os.PathError](err); ok {
			err = inner.Err
		}
		return fmt.Errorf("the path must be a file that can be written: %w", err)
	}
	return f.Close()
}

// SQLiteDSN is the data source name that opens the file at path with
// modernc.org/sqlite as New wants it: write-ahead log, every commit synced to
// disk, patience with other processes.
func SQLiteDSN(path string) string {
	settings := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {
			// SQLite waits deaf to any context, and looks ever more
			// seldom. It gives up soon; the Store keeps trying for 5 s.
			"busy_timeout(10)",
			"journal_mode(WAL)",
			"synchronous(FULL)",
			"foreign_keys(1)",
		},
		// Without it an error at open ends in a stale "out of memory".
		"_error_rc": {"1"},
	}
	file := url.URL{Path: filepath.ToSlash(filepath.Clean(path))}
	return "file:" + file.EscapedPath() + "?" + settings.Encode()
}

// checkSQLite refuses a connection whose settings could lose a rotation that
// was answered, or let a writer wait for its readers.
func checkSQLite(ctx context.Context, db *sql.DB) error {
	var journal string
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&journal); err != nil {
		return err
	}
	var synchronous int
	if err := db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous); err != nil {
		return err
	}
	if !strings.EqualFold(journal, "wal") || synchronous < 2 {
		return settled{fmt.Errorf("sqlstore: journal_mode is %s and synchronous %d, they must be wal and 2 (FULL): "+
			"open a file by SQLiteDSN, or use package memory to keep nothing", journal, synchronous)}
	}
	return nil
}

// Primary result codes of SQLite (https://sqlite.org/rescode.html).
const (
	codeBusy     = 5
	codeLocked   = 6
	codeReadonly = 8
	codeCorrupt  = 11
	codeFull     = 13
	codeCantOpen = 14
	codeNotADB   = 26
)

// sqliteCode is the primary result code in a driver's error, or 0. It asks
// for the method only, so that no driver is linked here.
func sqliteCode(err error) int {
	var coded interface{ Code() int }
	if !errors.As(err, &coded) {
		return 0
	}
	return coded.Code() & 0xff
}

func sqliteBusy(err error) bool {
	code := sqliteCode(err)
	return code == codeBusy || code == codeLocked
}

func sqliteExplain(err error) string {
	switch sqliteCode(err) {
	case codeBusy, codeLocked:
		return "another process holds the database locked, stop it or wait"
	case codeReadonly:
		return "the database can't be written, check the mode and owner of the file and its folder"
	case codeCorrupt:
		return "the database is corrupted, restore a backup"
	case codeFull:
		return "the disk is full, make room"
	case codeCantOpen:
		return "the database can't be opened, check that the path is a file and its folder can be written"
	case codeNotADB:
		return "the file is not a SQLite database, give another path or restore a backup"
	}
	return ""
}
