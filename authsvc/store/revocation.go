package store

import (
	"context"
	"time"
)

// Counters are what a token is measured by, as they stood when it was made. A
// token that carries lower ones than those that stand is out of date.
type Counters struct {
	// All is for everything, Client for the tokens of a client, Subject for
	// those of a subject.
	All, Client, Subject int64
}

// EventKind is what an event takes back.
type EventKind string

// The kinds of event.
const (
	// EventToken: the access token with the `jti` Key.
	EventToken EventKind = "token"
	// EventSession: every token of the session Key.
	EventSession EventKind = "session"
	// EventSubject, EventClient, EventAll: every token of the subject Key, of
	// the client Key, or at all, whose counter is less than Below.
	EventSubject EventKind = "subject"
	EventClient  EventKind = "client"
	EventAll     EventKind = "all"
)

// Event is one revocation, for servers that check tokens elsewhere. It is
// written with the change it tells of, both or neither.
type Event struct {
	// Epoch and Seq order the events: Seq has no gaps within an Epoch, and
	// none is committed after a higher one.
	Epoch, Seq int64
	// Tag is random. Together with Epoch and Seq it names this very event,
	// also after a backup was restored.
	Tag string
	// Kind and Key are what is taken back.
	Kind EventKind
	Key  string
	// Below is the counter that tokens must carry from now on.
	Below int64
	// Expires is when no token is left that it could concern.
	Expires time.Time
}

// EventLifetime is how long events of sessions, subjects and clients matter:
// the longest that an access token lives, and some air for clocks.
const EventLifetime = 25 * time.Hour

// Ledger is the head of the events and of the audit record.
type Ledger struct {
	// Epoch goes up when the database is recovered from a backup.
	Epoch int64
	// Seq is the newest event's, 0 before the first.
	Seq int64
	// All is the counter of everything.
	All int64
	// Audit is the Seq of the newest entry of the audit record, 0 before the
	// first.
	Audit int64
}

// TokenRef names an access token.
type TokenRef struct{ ID, SessionID, Subject, ClientID string }

// Standing is what is known about an access token. The zero Standing is of a
// token that was taken back by nothing but its counters.
type Standing struct {
	// Counters are those that stand now, of its subject and client.
	Counters
	// Revoked: the token was revoked by its id.
	Revoked bool
	// SessionEnded: its session was revoked or is not there.
	SessionEnded bool
}

// Revocations keeps what was taken back before it expired.
type Revocations interface {
	// Counters reads the counters of a subject and a client. A subject or a
	// client that it has not seen counts as 1, and the subject is known from
	// then on, so that [Sessions.CreateSession] can hold on to it.
	Counters(ctx context.Context, subject, clientID string) (Counters, error)

	// Standing tells whether an access token stands.
	Standing(ctx context.Context, token TokenRef) (Standing, error)

	// RevokeToken takes back the access token with that id, which expires
	// then. Doing it again, or for one that has expired, changes nothing.
	RevokeToken(ctx context.Context, id string, expires time.Time, log ...Entry) error

	// RaiseClient adds one to the client's counter and revokes every standing
	// session of the client, both or neither. reason is written to the
	// sessions.
	RaiseClient(ctx context.Context, clientID, reason string, log ...Entry) error

	// Ledger reads the head of the events and of the audit record.
	Ledger(ctx context.Context) (Ledger, error)

	// Events lists at most limit events by Seq, those after the one named.
	Events(ctx context.Context, after int64, limit int) ([]Event, error)

	// Recover makes a restored backup safe to serve from, in one step: the
	// next epoch, every session revoked with reason, and every counter raised
	// far beyond what any token can carry that was made after the backup.
	Recover(ctx context.Context, reason string, log ...Entry) error

	// UseOnce remembers key until it may be forgotten. ErrExists when it is
	// remembered already, of any number of concurrent callers for all but one.
	UseOnce(ctx context.Context, key string, until time.Time) error
}

// FarAhead is how far Recover raises the counters.
const FarAhead = 1 << 20
