package memory

import (
	"slices"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// A clone shares no memory with its original and looks as a record does that
// went through a database: times in microseconds, empty lists nil, and no
// idle expiry after the absolute one.

func cloneSession(s store.Session) store.Session {
	s.Scopes, s.Audiences, s.AMR = clone(s.Scopes), clone(s.Audiences), clone(s.AMR)
	s.CurHash, s.PrevHash, s.Sealed = clone(s.CurHash), clone(s.PrevHash), clone(s.Sealed)
	s.KeyHash, s.Log = clone(s.KeyHash), nil
	for _, t := range []*time.Time{
		&s.RotatedAt, &s.AuthTime, &s.IdleExpires, &s.Expires, &s.RevokedAt, &s.CreatedAt, &s.LastSeen,
	} {
		*t = micro(*t)
	}
	if s.IdleExpires.After(s.Expires) {
		s.IdleExpires = s.Expires
	}
	return s
}

func cloneUser(u store.User) store.User {
	u.Scopes, u.Roles = clone(u.Scopes), clone(u.Roles)
	u.DisabledAt, u.CreatedAt = micro(u.DisabledAt), micro(u.CreatedAt)
	return u
}

func cloneKey(k store.SigningKey) store.SigningKey {
	k.Sealed, k.CreatedAt = clone(k.Sealed), micro(k.CreatedAt)
	return k
}

func clone[E any](list []E) []E {
	if len(list) == 0 {
		return nil
	}
	return slices.Clone(list)
}

// micro drops what is finer than a microsecond, and the monotonic clock.
func micro(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}
