package memory

import (
	"context"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// RaiseSubject implements [store.Subjects].
func (s *Store) RaiseSubject(ctx context.Context, subject, reason string, log ...store.Entry) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	s.raise(subject, reason)
	s.record(log)
	return nil
}

// raise needs the lock.
func (s *Store) raise(subject, reason string) {
	// A subject that was never seen counts as 1.
	s.counters[subject] = max(s.counters[subject], 1) + 1
	s.revokeWhere(reason, func(session store.Session) bool { return session.Subject == subject })
	s.event(store.EventSubject, subject, s.counters[subject])
}

// revokeWhere ends the standing sessions that match. It needs the lock.
func (s *Store) revokeWhere(reason string, match func(store.Session) bool) {
	now := micro(s.now())
	for id, session := range s.sessions {
		if match(session) && session.RevokedAt.IsZero() {
			session.RevokedAt, session.Reason = now, reason
			s.sessions[id] = session
		}
	}
}
