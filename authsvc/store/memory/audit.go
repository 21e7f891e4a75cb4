package memory

import (
	"context"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// RecordFailure implements [store.Audit].
func (s *Store) RecordFailure(ctx context.Context, e store.Entry) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	hour := s.now().UTC().Truncate(time.Hour)
	for i := range s.entries {
		have := &s.entries[i]
		if have.Count > 0 && have.Kind == e.Kind && have.Subject == e.Subject && have.ClientID == e.ClientID && have.At.Truncate(time.Hour).Equal(hour) {
			have.Count++
			have.Address, have.Reason = e.Address, e.Reason
			return nil
		}
	}
	e.Count = 1
	s.record([]store.Entry{e})
	return nil
}

// Entries implements [store.Audit].
func (s *Store) Entries(ctx context.Context, after int64, limit int) ([]store.Entry, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var page []store.Entry
	for _, e := range s.entries {
		if e.Seq > after && len(page) < limit {
			page = append(page, e)
		}
	}
	return page, nil
}

// record needs the lock.
func (s *Store) record(log []store.Entry) {
	for _, e := range log {
		s.ledger.Audit++
		e.Seq, e.At = s.ledger.Audit, micro(s.now())
		s.entries = append(s.entries, e)
	}
}
