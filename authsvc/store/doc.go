// Package store is what the AuthService keeps: records, small interfaces and
// the errors they share. It holds no data itself.
//
// Package memory keeps everything in the process, for tests and for a service
// whose sessions may end with it. Package sqlstore keeps it in SQLite or
// PostgreSQL. Package storetest is the one suite that every implementation
// must pass whole; write a backend of your own against it.
//
// The interfaces are verbs with their atomicity in the doc comment. No
// transaction is handed around, so there is none to forget:
//
//	counters, err := st.Counters(ctx, subject, clientID)      // before the password is checked
//	...
//	err = st.CreateSession(ctx, session, counters.Subject) // ErrStale: the account changed meanwhile
//	...
//	err = st.RotateSession(ctx, rotation)                  // exactly one of many concurrent callers wins
//
// A refresh token is never stored. A session holds the SHA-256 of the current
// and the previous secret and the sealed successor, which only the previous
// token opens, so that a leaked database yields no usable token.
package store
