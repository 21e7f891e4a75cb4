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
	// retried: the one before, presented again with the idempotency key that
	// it was used up with, for the first time. Answer with the same successor;
	// the session has counted it.
	retried
	// repeated: retried before, and answered likewise however often.
	repeated
	// unkeyed: the newest token, without an idempotency key where the session
	// needs one.
	unkeyed
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
func (v verdict) changed() bool { return v == replayed || v == retried || v == reused }

// answered reports whether the successor is given once more.
func (v verdict) answered() bool { return v == replayed || v == retried || v == repeated }

// judged is a genuine token as it is presented.
type judged struct {
	gen  int64
	hash []byte
	// keyHash is of the idempotency key that comes with it, empty for none.
	keyHash []byte
}

// judge says what a token is to the session, and changes *s as the verdict demands. It is the whole of the rule
// and touches nothing else: it runs under the lock of the session's record,
// with the time read under that lock, perhaps more than once.
func judge(now time.Time, s *store.Session, t judged) verdict {
	switch {
	case !s.RevokedAt.IsZero():
		return revoked
	case !now.Before(s.IdleExpires) || !now.Before(s.Expires):
		return expired
	case t.gen > s.Gen:
		return forged
	case t.gen == s.Gen && !equal(t.hash, s.CurHash):
		return forged
	case t.gen == s.Gen && s.Keyed && len(t.keyHash) == 0:
		return unkeyed
	case t.gen == s.Gen:
		return current
	case t.gen < s.Gen-1:
		return revokeReused(now, s)
	case !equal(t.hash, s.PrevHash):
		return forged
	case len(s.KeyHash) > 0 && equal(t.keyHash, s.KeyHash):
		return markRetry(s)
	case len(s.KeyHash) == 0 && mayReplay(now, s):
		return countReplay(now, s)
	default:
		return revokeReused(now, s)
	}
}

func equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

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

// markRetry counts the first retry of a generation, so that the audit record has
// one entry for it, and a client that asks in a loop can't fill the record. The
// count limits nothing: a session that uses keys has no other replays.
func markRetry(s *store.Session) verdict {
	if s.Replays > 0 {
		return repeated
	}
	s.Replays, s.ReplayedGens = 1, s.ReplayedGens+1
	return retried
}

func revokeReused(now time.Time, s *store.Session) verdict {
	s.RevokedAt = now
	s.Reason = reasonReused
	return reused
}
