package authsvc

import (
	"crypto/subtle"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// How long and how often a retry is answered with the same successor.
const (
	replayWindow  = 30 * time.Second
	maxReplays    = 5
	maxReplayGens = 2 // generations in a row; the next one is no lost answer
)

// reasonReused is written to a session that ends by reuse.
const reasonReused = "a refresh token was used twice"

// verdict is what a presented refresh token is to its session.
type verdict int

const (
	// current: the newest token. Rotate.
	current verdict = iota
	// replayed: the one before, presented again soon enough. Answer with the
	// same successor; the session has counted it.
	replayed
	// reused: it was used up. Two hold it, so the session has been revoked.
	reused
	// revoked: the session was ended before.
	revoked
	// expired: the session is past its idle or its absolute end.
	expired
	// forged: the MAC is ours, but no such token was made: our secret is known
	// to somebody, or the store was set back.
	forged
)

// changed reports whether judge has changed the session.
func (v verdict) changed() bool { return v == replayed || v == reused }

// judge says what a genuine token of generation gen with that hash is to the
// session, and changes *s as the verdict demands. It is the whole of the rule
// and touches nothing else: it runs under the lock of the session's record,
// with the time read under that lock, perhaps more than once.
func judge(now time.Time, s *store.Session, gen int64, hash []byte) verdict {
	switch {
	case !s.RevokedAt.IsZero():
		return revoked
	case !now.Before(s.IdleExpires) || !now.Before(s.Expires):
		return expired
	case gen > s.Gen:
		return forged
	case gen == s.Gen:
		return ifEqual(hash, s.CurHash, current)
	case gen == s.Gen-1 && ifEqual(hash, s.PrevHash, replayed) == forged:
		return forged
	case gen == s.Gen-1 && mayReplay(now, s):
		return countReplay(now, s)
	default:
		return revokeReused(now, s)
	}
}

func ifEqual(hash, want []byte, v verdict) verdict {
	if subtle.ConstantTimeCompare(hash, want) == 1 {
		return v
	}
	return forged
}

func mayReplay(now time.Time, s *store.Session) bool {
	firstOfThis := s.Replays == 0
	return !now.After(s.RotatedAt.Add(replayWindow)) &&
		s.Replays < maxReplays &&
		(!firstOfThis || s.ReplayedGens < maxReplayGens)
}

func countReplay(now time.Time, s *store.Session) verdict {
	if s.Replays == 0 {
		s.ReplayedGens++
	}
	s.Replays++
	s.LastSeen = now
	return replayed
}

func revokeReused(now time.Time, s *store.Session) verdict {
	s.RevokedAt = now
	s.Reason = reasonReused
	return reused
}
