package store

// Store is everything the AuthService keeps. It is safe for concurrent use.
//
// Every method that takes a context returns that context's error when it
// ends first, and ErrUnavailable for whatever the backend can't do now.
// Records go in and out by value and share no memory with the store.
type Store interface {
	Sessions
	Subjects
	Users
	Keys
	Clients
	Revocations
	Attempts
	Audit

	// Close releases the store. Everything after it gets ErrUnavailable;
	// closing twice does no harm.
	Close() error
}
