package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// raceEveryVerb: whatever is done at once, nobody waits for each other for
// ever, and entries and events are numbered without gaps.
func raceEveryVerb(t *testing.T, c *crowd) {
	const n = 3
	for i := range n {
		noError(t, c.any().AddUser(t.Context(), store.User{Subject: fmt.Sprint("s", i), Username: fmt.Sprint("u", i), PasswordHash: "h"}))
		noError(t, c.any().AddClient(t.Context(), store.Client{ID: fmt.Sprint("c", i), Users: true}))
	}
	c.rush(16, func(i int, st store.Store) {
		if i == 0 { // one operator, who should have stopped the servers
			noErrorInRace(t, st.Recover(t.Context(), "why", store.Entry{Kind: "recovered"}))
		}
		for range 8 {
			if err := c.anyVerb(t, st, fmt.Sprint("s", rand.N(n)), fmt.Sprint("c", rand.N(n))); err != nil {
				t.Error(err)
			}
		}
	})
	l, err := c.any().Ledger(t.Context())
	noError(t, err)
	events, err := c.any().Events(t.Context(), 0, 1<<20)
	noError(t, err)
	same(t, int64(len(events)), l.Seq)
	entries, err := c.any().Entries(t.Context(), 0, 1<<20)
	noError(t, err)
	same(t, int64(len(entries)), l.Audit)
}

// anyVerb runs one that changes something. What it refuses is no failure.
func (c *crowd) anyVerb(t *testing.T, st store.Store, subject, client string) error {
	ctx, e := t.Context(), store.Entry{Kind: "test", Subject: subject, ClientID: client}
	now := c.clock.now()
	fresh := newSession(now, subject)
	fresh.ClientID = client
	counters, err := st.Counters(ctx, subject, client)
	if err != nil {
		return err
	}
	standing, err := st.SessionsOf(ctx, subject, "", 5)
	if err != nil {
		return err
	}
	if len(standing) == 0 {
		standing = append(standing, fresh)
	}
	one := standing[rand.N(len(standing))]
	verbs := []func() error{
		func() error { return st.CreateSession(ctx, fresh, counters.Subject, e) },
		func() error { return st.CreateSession(ctx, fresh, counters.Subject, e) },
		func() error { return st.ReplaceSession(ctx, one.ID, "replaced", fresh, counters.Subject, e) },
		func() error { return st.RotateSession(ctx, rotation(one)) },
		func() error {
			return st.UpdateSession(ctx, one.ID, func(now time.Time, s *store.Session) error {
				s.RevokedAt, s.Log = now, append(s.Log, e)
				return nil
			})
		},
		func() error { return st.RaiseSubject(ctx, subject, "why", e) },
		func() error { return st.SetPassword(ctx, subject, "h", e) },
		func() error { return st.ChangePassword(ctx, subject, "h", "h", e) },
		func() error { return st.SetDisabled(ctx, subject, rand.N(2) == 0, e) },
		func() error { return st.RaiseClient(ctx, client, "why", e) },
		func() error {
			return st.UpdateClient(ctx, client, func(now time.Time, c *store.Client) error {
				if c.DisabledAt.IsZero() {
					c.DisabledAt = now
				} else {
					c.DisabledAt = time.Time{}
				}
				return nil
			}, e)
		},
		func() error { return st.RevokeToken(ctx, fresh.ID, now.Add(time.Hour), e) },
		func() error { return st.RecordFailure(ctx, e) },
		func() error { return st.UseOnce(ctx, fresh.ID, now.Add(time.Hour)) },
		func() error {
			_, err := st.Attempt(ctx, store.AttemptKey{Key: subject, Free: 1}, store.AttemptKey{Key: client, Free: 1})
			return err
		},
		func() error { return st.Forgive(ctx, nil, []string{client, subject}) },
		func() error { return st.Forgive(ctx, []string{subject}, []string{client}) },
		func() error { _, err := st.Sweep(ctx, 10); return err },
	}
	i := rand.N(len(verbs))
	err = verbs[i]()
	if errors.Is(err, store.ErrStale) || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("verb %d: %w", i, err)
	}
	return nil
}
