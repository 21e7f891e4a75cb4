package store

import (
	"context"
	"time"
)

// Session is one login and the row its refresh token stands for.
//
// Times are UTC with microseconds; a store drops what is finer. The zero time
// means never or not yet, and an empty list comes back as nil.
type Session struct {
	// ID is 16 random bytes in base64url: 22 characters.
	ID string
	// ClientID is the client (the app) that opened the session.
	ClientID string
	// Subject is the user's id.
	Subject string
	// Scopes is what was granted. Refreshing never widens it.
	Scopes []string
	// Audiences is whom the access tokens are for.
	Audiences []string

	// Gen is the generation of the current refresh token. Each rotation adds
	// one.
	Gen int64
	// CurHash is the SHA-256 of the current refresh token's secret.
	CurHash []byte `json:"-"`
	// PrevHash is the hash that CurHash replaced, empty before the first
	// rotation.
	PrevHash []byte `json:"-"`
	// RotatedAt is when the current generation came to be by rotation.
	RotatedAt time.Time
	// Sealed is the current refresh token, encrypted under a key derived from
	// the one before it. It answers a retry and is of no use by itself.
	Sealed []byte `json:"-"`
	// Replays counts how often the current generation's predecessor was
	// answered again; of one with a KeyHash, the first time only.
	Replays int
	// ReplayedGens counts the generations in a row that were replayed.
	ReplayedGens int
	// KeyHash is the SHA-256 of the idempotency key that the current
	// generation was asked for with, empty when it was without.
	KeyHash []byte `json:"-"`
	// Keyed: a rotation of this session has used an idempotency key, so that
	// every later one needs one.
	Keyed bool

	// Certificate is what the session is bound to: the SHA-256 of a TLS client
	// certificate in base64url (RFC 8705 §3.1), or "".
	Certificate string

	// AuthTime is when the user last proved who they are (OpenID Connect
	// auth_time, RFC 9068 §2.2.1). Refreshing does not move it.
	AuthTime time.Time
	// AMR is how they proved it (RFC 8176).
	AMR []string

	// IdleExpires is when the session ends unless it is refreshed first. It
	// is never later than Expires.
	IdleExpires time.Time
	// Expires is when the session ends whatever happens.
	Expires time.Time
	// RevokedAt is when the session was ended early; zero while it stands.
	RevokedAt time.Time
	// Reason is why it was ended early, for people.
	Reason string

	// Label is a name its owner will recognise ("Ada's laptop").
	Label string
	// CreatedAt is when the user logged in.
	CreatedAt time.Time
	// LastSeen is when the session was last refreshed.
	LastSeen time.Time
	// LastAddress is where that came from, without the port.
	LastAddress string

	// Log is what a function given to UpdateSession wants in the audit record.
	// It is no part of the session.
	Log []Entry `json:"-"`
}

// Rotation asks to replace the current generation of a session by the next.
type Rotation struct {
	// ID is the session.
	ID string
	// Gen, CurHash, ClientID and Certificate are what must stand for the
	// rotation to happen.
	Gen         int64
	CurHash     []byte `json:"-"`
	ClientID    string
	Certificate string
	// NewHash becomes CurHash.
	NewHash []byte `json:"-"`
	// Sealed becomes the session's Sealed.
	Sealed []byte `json:"-"`
	// KeyHash becomes the session's KeyHash. Without one a session that is
	// Keyed does not rotate.
	KeyHash []byte `json:"-"`
	// Idle is how long the session lives from now unless it is refreshed
	// again. The store adds it to its own clock.
	Idle time.Duration
	// Address becomes the session's LastAddress.
	Address string
}

// Renewal is what a refresh asks for: a session with what its next access token
// tells.
type Renewal struct {
	// Session has its ID, ClientID, Subject, Scopes, Audiences, Gen,
	// Certificate, AuthTime, AMR, Expires and RevokedAt. The rest is left out:
	// it is of use only under the session's lock, which UpdateSession takes.
	Session Session
	// Counters are those of its subject and its client.
	Counters Counters
	// User is its subject in the built-in user table, the zero User where there
	// is none.
	User User
}

// Sessions keeps the logins.
type Sessions interface {
	// CreateSession inserts s while the counter of s.Subject still is
	// counter (see [Subjects]), in one step: no concurrent RaiseSubject can
	// fall between the check and the insert. ErrStale when the counter has
	// moved or s.ClientID is a client of the Store that is disabled (see
	// [Clients]), in the same step; ErrExists when s.ID is taken.
	CreateSession(ctx context.Context, s Session, counter int64, log ...Entry) error

	// ReplaceSession is CreateSession that revokes the session old with reason
	// in the same step. ErrStale also when old is not a standing session of
	// the same subject.
	ReplaceSession(ctx context.Context, old, reason string, s Session, counter int64, log ...Entry) error

	// RotateSession is one compare-and-swap: of any number of concurrent
	// callers with the same r.Gen exactly one wins. The others get ErrStale,
	// as does everyone when the session is absent, revoked, expired by the
	// store's clock, not r.ClientID's, bound to another certificate than
	// r.Certificate, or Keyed while r has no KeyHash.
	//
	// The winner moves CurHash to PrevHash, sets CurHash, Sealed and KeyHash
	// (and Keyed, when there is one), adds one
	// to Gen, sets RotatedAt and LastSeen to now and IdleExpires to now+Idle
	// (at most Expires), and Replays to 0. ReplayedGens is set to 0 when the
	// generation that ends was not replayed, else left as it is.
	RotateSession(ctx context.Context, r Rotation) error

	// UpdateSession runs fn while nobody else can change the session, with
	// the store's time read after that lock was taken. What fn changed in *s
	// is written if it returns nil; otherwise nothing is, and fn's error
	// comes back as it is. ID, ClientID, Subject, Certificate and CreatedAt
	// stay what they were. ErrNotFound when the session is absent.
	//
	// Entries that fn leaves in s.Log are written with the change. A session
	// that fn revokes is an event, too.
	//
	// fn may run more than once, each time on a fresh record, so it must
	// touch nothing but s and what it sets anew each time. It must not call
	// the store.
	UpdateSession(ctx context.Context, id string, fn func(now time.Time, s *Session) error) error

	// Session reads one. ErrNotFound when it is absent.
	Session(ctx context.Context, id string) (Session, error)

	// Renewal reads what a refresh of the session asks for, all as it stood at
	// one moment. ErrNotFound when the session is absent.
	Renewal(ctx context.Context, id string) (Renewal, error)

	// SessionsOf lists at most limit standing sessions of a subject, neither
	// revoked nor expired, by ID, those after the one named ("" for the first
	// page). A limit below 1 lists none.
	SessionsOf(ctx context.Context, subject, after string, limit int) ([]Session, error)

	// Sweep deletes what can't matter any more: sessions past their absolute
	// expiry, attempts that are forgotten, events and keys used once that have
	// expired, and old entries of the audit record. It returns how many records
	// went, at most limit; ask again until there are fewer.
	Sweep(ctx context.Context, limit int) (int, error)
}
