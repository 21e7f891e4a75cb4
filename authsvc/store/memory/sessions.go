package memory

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// CreateSession implements [store.Sessions].
func (s *Store) CreateSession(ctx context.Context, session store.Session, counter int64, log ...store.Entry) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.create(session, counter); err != nil {
		return err
	}
	s.record(log)
	return nil
}

// ReplaceSession implements [store.Sessions].
func (s *Store) ReplaceSession(ctx context.Context, old, reason string, session store.Session, counter int64, log ...store.Entry) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	now := micro(s.now())
	replaced, ok := s.sessions[old]
	if !ok || replaced.Subject != session.Subject || !standing(replaced, now) {
		return store.ErrStale
	}
	if err := s.create(session, counter); err != nil {
		return err
	}
	replaced.RevokedAt, replaced.Reason = now, reason
	s.sessions[old] = replaced
	s.event(store.EventSession, old, 0)
	s.record(log)
	return nil
}

// create needs the lock.
func (s *Store) create(session store.Session, counter int64) error {
	if _, taken := s.sessions[session.ID]; taken {
		return store.ErrExists
	}
	// A subject that was never seen has no counter, and none is 0.
	if have, ok := s.counters[session.Subject]; !ok || have != counter {
		return store.ErrStale
	}
	if !s.clients[session.ClientID].DisabledAt.IsZero() {
		return store.ErrStale
	}
	s.sessions[session.ID] = cloneSession(session)
	return nil
}

// RotateSession implements [store.Sessions].
func (s *Store) RotateSession(ctx context.Context, r store.Rotation) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	now := micro(s.now())
	session, ok := s.sessions[r.ID]
	if !ok || !rotatable(session, r, now) {
		return store.ErrStale
	}
	s.sessions[r.ID] = rotated(session, r, now)
	return nil
}

// rotatable: what must stand for the rotation does.
func rotatable(s store.Session, r store.Rotation, now time.Time) bool {
	return s.Gen == r.Gen && bytes.Equal(s.CurHash, r.CurHash) && s.ClientID == r.ClientID && s.Certificate == r.Certificate &&
		(!s.Keyed || len(r.KeyHash) > 0) && standing(s, now)
}

func standing(s store.Session, now time.Time) bool {
	return s.RevokedAt.IsZero() && s.IdleExpires.After(now) && s.Expires.After(now)
}

func rotated(s store.Session, r store.Rotation, now time.Time) store.Session {
	if s.Replays == 0 {
		s.ReplayedGens = 0
	}
	s.PrevHash, s.CurHash = s.CurHash, r.NewHash
	s.Gen++
	s.Sealed, s.KeyHash = r.Sealed, r.KeyHash
	s.Keyed = s.Keyed || len(r.KeyHash) > 0
	s.Replays = 0
	s.RotatedAt, s.LastSeen, s.LastAddress = now, now, r.Address
	s.IdleExpires = now.Add(r.Idle)
	return cloneSession(s)
}

// UpdateSession implements [store.Sessions].
func (s *Store) UpdateSession(ctx context.Context, id string, fn func(time.Time, *store.Session) error) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	old, ok := s.sessions[id]
	if !ok {
		return store.ErrNotFound
	}
	session := cloneSession(old)
	if err := fn(micro(s.now()), &session); err != nil {
		return err
	}
	session.ID, session.ClientID, session.Subject = old.ID, old.ClientID, old.Subject
	session.CreatedAt, session.Certificate = old.CreatedAt, old.Certificate
	s.sessions[id] = cloneSession(session)
	if old.RevokedAt.IsZero() && !session.RevokedAt.IsZero() {
		s.event(store.EventSession, id, 0)
	}
	s.record(session.Log)
	return nil
}

// Session implements [store.Sessions].
func (s *Store) Session(ctx context.Context, id string) (store.Session, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return store.Session{}, err
	}
	defer unlock()
	session, ok := s.sessions[id]
	if !ok {
		return store.Session{}, store.ErrNotFound
	}
	return cloneSession(session), nil
}

// Renewal implements [store.Sessions].
func (s *Store) Renewal(ctx context.Context, id string) (store.Renewal, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return store.Renewal{}, err
	}
	defer unlock()
	session, ok := s.sessions[id]
	if !ok {
		return store.Renewal{}, store.ErrNotFound
	}
	return store.Renewal{
		Session: cloneSession(store.Session{
			ID: session.ID, ClientID: session.ClientID, Subject: session.Subject,
			Scopes: session.Scopes, Audiences: session.Audiences, Gen: session.Gen, Certificate: session.Certificate,
			AuthTime: session.AuthTime, AMR: session.AMR, Expires: session.Expires, RevokedAt: session.RevokedAt,
		}),
		Counters: s.countersOf(session.Subject, session.ClientID),
		User:     cloneUser(s.users[session.Subject]),
	}, nil
}

// SessionsOf implements [store.Sessions].
func (s *Store) SessionsOf(ctx context.Context, subject, after string, limit int) ([]store.Session, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	now := micro(s.now())
	var page []store.Session
	for _, id := range slices.Sorted(maps.Keys(s.sessions)) {
		session := s.sessions[id]
		if len(page) < limit && id > after && session.Subject == subject && standing(session, now) {
			page = append(page, cloneSession(session))
		}
	}
	return page, nil
}

// Sweep implements [store.Sessions].
func (s *Store) Sweep(ctx context.Context, limit int) (n int, err error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return 0, err
	}
	defer unlock()
	now := micro(s.now())
	for id, session := range s.sessions {
		if n < limit && !session.Expires.After(now) {
			delete(s.sessions, id)
			n++
		}
	}
	for key, a := range s.attempts {
		if n < limit && a.forgotten(now) {
			delete(s.attempts, key)
			n++
		}
	}
	for _, remembered := range []map[string]time.Time{s.revoked, s.once, s.known} {
		for key, until := range remembered {
			if n < limit && !until.After(now) {
				delete(remembered, key)
				n++
			}
		}
	}
	s.events, n = drop(s.events, n, limit, func(e store.Event) bool { return !e.Expires.After(now) })
	s.entries, n = drop(s.entries, n, limit, func(e store.Entry) bool { return now.Sub(e.At) >= store.AuditKept })
	return n, nil
}

// drop deletes elements that are old, as long as n is less than limit.
func drop[E any](list []E, n, limit int, old func(E) bool) ([]E, int) {
	list = slices.DeleteFunc(list, func(e E) bool {
		if n >= limit || !old(e) {
			return false
		}
		n++
		return true
	})
	return list, n
}
