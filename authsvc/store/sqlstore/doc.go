// Package sqlstore keeps the AuthService's records in a SQL database: SQLite,
// for a service on one host.
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
// up to date. A program that opens the database itself does the same in steps:
// sql.Open with [SQLiteDSN], [Migrate], [New].
//
// A rotation that was answered is on disk: the write-ahead log is synced at
// every commit, and New refuses a connection that would not. A second process
// may use the same file at the same time, on the same host; a network file
// system won't do.
//
// Writers of one Store queue. The first in line, when another process has the
// database locked, keeps trying for 5 s or until its caller's context ends.
// What can't be done then is store.ErrUnavailable, with what to do about it
// where that is known. It never looks like a bad token.
//
// The SQL is written for PostgreSQL too: $1 for arguments, and the few words
// in which the two differ in one place. There the time will be the database's
// own (clock_timestamp()), because its users are on many hosts.
package sqlstore
