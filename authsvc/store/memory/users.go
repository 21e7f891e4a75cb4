package memory

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// AddUser implements [store.Users].
func (s *Store) AddUser(ctx context.Context, u store.User, log ...store.Entry) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	_, named := s.subjects[u.Username]
	_, known := s.users[u.Subject]
	if named || known {
		return store.ErrExists
	}
	s.users[u.Subject] = cloneUser(u)
	s.subjects[u.Username] = u.Subject
	s.record(log)
	return nil
}

// UserByName implements [store.Users].
func (s *Store) UserByName(ctx context.Context, username string) (store.User, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return store.User{}, err
	}
	defer unlock()
	subject, ok := s.subjects[username]
	if !ok {
		return store.User{}, store.ErrNotFound
	}
	return cloneUser(s.users[subject]), nil
}

// UserBySubject implements [store.Users].
func (s *Store) UserBySubject(ctx context.Context, subject string) (store.User, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return store.User{}, err
	}
	defer unlock()
	u, ok := s.users[subject]
	if !ok {
		return store.User{}, store.ErrNotFound
	}
	return cloneUser(u), nil
}

// SetPassword implements [store.Users].
func (s *Store) SetPassword(ctx context.Context, subject, hash string, log ...store.Entry) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	u, ok := s.users[subject]
	if !ok {
		return store.ErrNotFound
	}
	u.PasswordHash = hash
	s.users[subject] = u
	s.raise(subject, store.ReasonPassword)
	s.record(log)
	return nil
}

// ChangePassword implements [store.Users].
func (s *Store) ChangePassword(ctx context.Context, subject, old, hash string, log ...store.Entry) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	u, ok := s.users[subject]
	if !ok || u.PasswordHash != old {
		return store.ErrStale
	}
	u.PasswordHash = hash
	s.users[subject] = u
	s.raise(subject, store.ReasonPassword)
	s.record(log)
	return nil
}

// SetDisabled implements [store.Users].
func (s *Store) SetDisabled(ctx context.Context, subject string, disabled bool, log ...store.Entry) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	u, ok := s.users[subject]
	if !ok {
		return store.ErrNotFound
	}
	if disabled == !u.DisabledAt.IsZero() {
		return nil
	}
	if disabled && u.Admin && !s.otherAdmin(subject) {
		return store.ErrLastAdmin
	}
	u.DisabledAt = time.Time{}
	if disabled {
		u.DisabledAt = micro(s.now())
		s.raise(subject, store.ReasonDisabled)
	}
	s.users[subject] = u
	s.record(log)
	return nil
}

// otherAdmin needs the lock.
func (s *Store) otherAdmin(subject string) bool {
	for _, u := range s.users {
		if u.Admin && u.DisabledAt.IsZero() && u.Subject != subject {
			return true
		}
	}
	return false
}

// Rehash implements [store.Users].
func (s *Store) Rehash(ctx context.Context, subject, old, hash string) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	u, ok := s.users[subject]
	if !ok || u.PasswordHash != old {
		return store.ErrStale
	}
	u.PasswordHash = hash
	s.users[subject] = u
	return nil
}

// Users implements [store.Users].
func (s *Store) Users(ctx context.Context, after string, limit int) ([]store.User, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var page []store.User
	for _, name := range slices.Sorted(maps.Keys(s.subjects)) {
		if name > after && len(page) < limit {
			page = append(page, cloneUser(s.users[s.subjects[name]]))
		}
	}
	return page, nil
}
