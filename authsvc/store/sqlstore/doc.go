// Package sqlstore keeps the AuthService's records in a SQL database: SQLite,
// for a service on one host, or PostgreSQL, for any number of them.
//
// It links no driver. The program chooses one by importing it:
//
//	import _ "modernc.org/sqlite"
//
//	st, err := sqlstore.OpenSQLite(ctx, "/var/lib/grpcauth/auth.db")
//	...
//	defer st.Close()
//
// OpenSQLite makes the file, readable by its owner only, and brings its schema
// up to date. A program that opens the database itself does the same in steps,
// [Migrate] and [New]; with SQLite it opens the file by [SQLiteDSN], with
// PostgreSQL as it likes:
//
//	import _ "github.com/jackc/pgx/v5/stdlib"
//
//	db, err := sql.Open("pgx", "postgres://grpcauth@db.example/grpcauth?sslmode=verify-full")
//	...
//	err = sqlstore.Migrate(ctx, db, sqlstore.PostgreSQL)
//	...
//	st, err := sqlstore.New(ctx, db, sqlstore.PostgreSQL)
//
// # What holds in both
//
// A rotation that was answered is on disk: New refuses a SQLite connection that
// does not sync the log at every commit, and a PostgreSQL whose
// synchronous_commit is off.
//
// What can't be done now is tried again for 5 s or until the caller's context
// ends, as long as nothing has been changed for sure: a lock that somebody else
// holds, a deadlock, a serialization failure, a server that restarts. Then, and
// when nobody can know whether a change was made because the connection was
// lost over it, the error is store.ErrUnavailable, with what to do about it
// where that is known. It never looks like a bad token. A caller who tries
// again finds what was done: a rotation whose answer was lost gives ErrStale,
// and the session shows the new generation.
//
// # SQLite
//
// A second process may use the same file at the same time, on the same host; a
// network file system won't do. Writers of one Store queue, rotations first.
//
// # PostgreSQL
//
// Sessions expire by the database's clock, because its users are on many hosts.
// A rotation is one statement; every other change locks the subject's row
// first and then sessions by id. Processes that migrate at once take turns by
// an advisory lock, so there must be no pooler in between that moves a session
// from one connection to another, and room for two connections.
//
// # The schema
//
// It is one text for both (migrations/*.sql), as are the statements: $1 for
// arguments, and the few words in which the two differ in one place. A new
// table is a new file there, and never a change of an old one.
package sqlstore
