package memory

import "context"

// SubjectCounter implements [store.Subjects].
func (s *Store) SubjectCounter(ctx context.Context, subject string) (int64, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return 0, err
	}
	defer unlock()
	if _, ok := s.counters[subject]; !ok {
		s.counters[subject] = 1
	}
	return s.counters[subject], nil
}

// RaiseSubject implements [store.Subjects].
func (s *Store) RaiseSubject(ctx context.Context, subject, reason string) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	s.raise(subject, reason)
	return nil
}

// raise needs the lock.
func (s *Store) raise(subject, reason string) {
	// A subject that was never seen counts as 1.
	s.counters[subject] = max(s.counters[subject], 1) + 1
	now := micro(s.now())
	for id, session := range s.sessions {
		if session.Subject == subject && session.RevokedAt.IsZero() {
			session.RevokedAt, session.Reason = now, reason
			s.sessions[id] = session
		}
	}
}
