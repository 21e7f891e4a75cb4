package store

import (
	"context"
	"time"
)

// Entry is a line of the audit record: who did what, when and from where. It
// holds no secret, and no name that nobody has proven to be a user's.
type Entry struct {
	// Seq orders the entries and At is when it was written. The store sets
	// both.
	Seq int64
	At  time.Time
	// Kind is what happened: "login", "refresh_reused", "password_changed" (see
	// [Kinds]).
	Kind string
	// Actor is who did it: a subject, a client, or "operator" for somebody at
	// the store itself.
	Actor string
	// Subject, ClientID and SessionID are whom and what it was done to.
	Subject, ClientID, SessionID string
	// Address is where it came from, without the port.
	Address string
	// OtherAddress is where the session was last refreshed from, where a
	// refresh token was used twice.
	OtherAddress string
	// Reason says more, for people.
	Reason string
	// Count is how often it happened, for failures, which are added up.
	Count int
}

// AuditKept is how long entries are kept.
const AuditKept = 90 * 24 * time.Hour

// Audit is the record of what matters to security. The verbs that change
// something take the entries that go with the change and write both or neither;
// entries are never changed, but failures of one hour are added up.
type Audit interface {
	// RecordFailure adds one to the entry of the same Kind, Subject and
	// ClientID of this hour, with the Address of the last, or makes it.
	RecordFailure(ctx context.Context, e Entry) error

	// Entries lists at most limit entries by Seq, those after the one named.
	Entries(ctx context.Context, after int64, limit int) ([]Entry, error)
}
