package sqlstore

import (
	"context"
	"database/sql"
	"runtime"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// Store is a [store.Store] in a SQL database, safe for concurrent use. Any
// number of them, in any number of processes, may share the database.
type Store struct {
	runner
	db    *sql.DB
	now   func() time.Time
	text  statements
	ready prepared
}

var _ store.Store = (*Store)(nil)

// Option changes what New makes.
type Option func(*Store)

// WithNow sets the clock that sessions expire by, for tests. Default: on
// SQLite time.Now, because all its users are on one host; on PostgreSQL the
// database's own, because theirs may differ. It is read anew for each attempt,
// and in transactions after the lock was taken.
func WithNow(now func() time.Time) Option { return func(s *Store) { s.now = now } }

// New makes a store of an open database whose schema is up to date (see
// [Migrate]). The store owns db from then on: it sets the size of its pool,
// unless the caller has for PostgreSQL, and Close closes it. When New fails db
// is still the caller's.
//
// store.ErrNewerSchema when a newer version of this program wrote the
// database; store.ErrUnavailable, with what to do, when it can't be read or
// written.
func New(ctx context.Context, db *sql.DB, dialect Dialect, opts ...Option) (*Store, error) {
	f, err := dialect.fragments()
	if err != nil {
		return nil, err
	}
	s := &Store{runner: newRunner(f), db: db, text: newStatements(f)}
	if !f.ownClock {
		s.now = time.Now
	}
	for _, o := range opts {
		o(s)
	}
	if err := s.read(ctx, "open", s.inspect); err != nil {
		return nil, err
	}
	n := f.poolSize()
	if chosen := db.Stats().MaxOpenConnections; chosen > 0 && !f.oneWriter {
		n = chosen
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return s, nil
}

// poolSize leaves SQLite room for readers beside the writer, as many as there
// are processors to run them. PostgreSQL syncs its log once for all who commit
// at the same time, so more of them get more done; three servers fit into the
// 100 connections it has by default. What is idle stays open, because opening
// is dear in both.
func (f fragments) poolSize() int {
	if f.oneWriter {
		return max(4, runtime.GOMAXPROCS(0)) + 1
	}
	return 32
}

// inspect refuses a database that could not serve, and prepares the statements
// that are worth it.
func (s *Store) inspect(ctx context.Context) error {
	if err := s.check(ctx, s.db); err != nil {
		return err
	}
	schema, err := newSchema(s.db, s.fragments)
	if err != nil {
		return settled{err}
	}
	if err := schema.current(ctx); err != nil {
		return err
	}
	// Changes nothing, but only where something could be changed.
	if _, err := s.db.ExecContext(ctx, "UPDATE subject SET counter = counter WHERE subject IS NULL"); err != nil {
		return err
	}
	s.ready, err = prepare(ctx, s.db, s.text)
	return err
}

// Close closes the database. Calls that are running get store.ErrUnavailable
// or finish, and every later one gets store.ErrUnavailable.
func (s *Store) Close() error { return s.db.Close() }
