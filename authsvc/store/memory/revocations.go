package memory

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// Counters implements [store.Revocations].
func (s *Store) Counters(ctx context.Context, subject, clientID string) (store.Counters, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return store.Counters{}, err
	}
	defer unlock()
	if _, ok := s.counters[subject]; !ok {
		s.counters[subject] = 1
	}
	return s.countersOf(subject, clientID), nil
}

// countersOf needs the lock. What was never raised counts as 1.
func (s *Store) countersOf(subject, clientID string) store.Counters {
	return store.Counters{All: s.ledger.All, Client: max(s.raised[clientID], 1), Subject: max(s.counters[subject], 1)}
}

// Standing implements [store.Revocations].
func (s *Store) Standing(ctx context.Context, token store.TokenRef) (store.Standing, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return store.Standing{}, err
	}
	defer unlock()
	st := store.Standing{Counters: s.countersOf(token.Subject, token.ClientID)}
	_, st.Revoked = s.revoked[token.ID]
	if token.SessionID != "" {
		session, ok := s.sessions[token.SessionID]
		st.SessionEnded = !ok || !session.RevokedAt.IsZero()
	}
	return st, nil
}

// RevokeToken implements [store.Revocations].
func (s *Store) RevokeToken(ctx context.Context, id string, expires time.Time, log ...store.Entry) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if _, done := s.revoked[id]; done || !micro(expires).After(micro(s.now())) {
		return nil
	}
	s.revoked[id] = micro(expires)
	s.append(store.Event{Kind: store.EventToken, Key: id, Expires: micro(expires)})
	s.record(log)
	return nil
}

// RaiseClient implements [store.Revocations].
func (s *Store) RaiseClient(ctx context.Context, clientID, reason string, log ...store.Entry) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	s.raiseClient(clientID, reason)
	s.record(log)
	return nil
}

// raiseClient needs the lock.
func (s *Store) raiseClient(clientID, reason string) {
	s.raised[clientID] = max(s.raised[clientID], 1) + 1
	s.revokeWhere(reason, func(session store.Session) bool { return session.ClientID == clientID })
	s.event(store.EventClient, clientID, s.raised[clientID])
}

// Ledger implements [store.Revocations].
func (s *Store) Ledger(ctx context.Context) (store.Ledger, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return store.Ledger{}, err
	}
	defer unlock()
	return s.ledger, nil
}

// Events implements [store.Revocations].
func (s *Store) Events(ctx context.Context, after int64, limit int) ([]store.Event, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var page []store.Event
	for _, e := range s.events {
		if e.Seq > after && len(page) < limit {
			page = append(page, e)
		}
	}
	return page, nil
}

// Recover implements [store.Revocations].
func (s *Store) Recover(ctx context.Context, reason string, log ...store.Entry) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	s.ledger.Epoch++
	s.ledger.All += store.FarAhead
	for subject := range s.counters {
		s.counters[subject] += store.FarAhead
	}
	for client := range s.raised {
		s.raised[client] += store.FarAhead
	}
	s.revokeWhere(reason, func(store.Session) bool { return true })
	s.event(store.EventAll, "", s.ledger.All)
	s.record(log)
	return nil
}

// UseOnce implements [store.Revocations].
func (s *Store) UseOnce(ctx context.Context, key string, until time.Time) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if _, used := s.once[key]; used {
		return store.ErrExists
	}
	s.once[key] = micro(until)
	return nil
}

// event appends one that matters as long as any access token. It needs the
// lock.
func (s *Store) event(kind store.EventKind, key string, below int64) {
	s.append(store.Event{Kind: kind, Key: key, Below: below, Expires: micro(s.now().Add(store.EventLifetime))})
}

// append needs the lock.
func (s *Store) append(e store.Event) {
	s.ledger.Seq++
	e.Epoch, e.Seq, e.Tag = s.ledger.Epoch, s.ledger.Seq, rand.Text()
	s.events = append(s.events, e)
}
