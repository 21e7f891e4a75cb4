package authsvc_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// stored is what the store holds of sessions and people that something can
// have happened to.
type stored struct {
	sessions map[string]store.Session
	people   map[string]store.User
	counters map[string]int64
}

func (r *modelRun) stored() stored {
	r.Helper()
	return r.read(r.m.order[max(0, len(r.m.order)-7):])
}

func (r *modelRun) read(ids []string) stored {
	r.Helper()
	s := stored{map[string]store.Session{}, map[string]store.User{}, map[string]int64{}}
	for _, id := range ids {
		session, err := r.w.store.Session(r.Context(), id)
		if err != nil {
			r.fail(fmt.Sprintf("session %.5s: %v", id, err))
		}
		s.sessions[id] = session
	}
	for subject := range r.m.people {
		user, err := r.w.store.UserBySubject(r.Context(), subject)
		counters, cerr := r.w.store.Counters(r.Context(), subject, "web")
		if err != nil || cerr != nil {
			r.fail(fmt.Sprintf("%s: %v, %v", subject, err, cerr))
		}
		s.people[subject], s.counters[subject] = user, counters.Subject
	}
	return s
}

// compare tells where what is stored is not the model's.
func (m *model) compare(have stored) string {
	for subject, got := range have.people {
		p := m.people[subject]
		if got.PasswordHash != "hash of "+p.password || got.DisabledAt.IsZero() == p.disabled || have.counters[subject] != p.counter {
			return fmt.Sprintf("%s: the store has %q, disabled at %v, counter %d, and the model %+v",
				subject, got.PasswordHash, got.DisabledAt, have.counters[subject], *p)
		}
	}
	for id, got := range have.sessions {
		s, there := m.sessions[id]
		if !there {
			return fmt.Sprintf("session %.5s is in the store and should have been swept", id)
		}
		if diff := s.differs(got); diff != "" {
			return fmt.Sprintf("session %.5s: %s", id, diff)
		}
	}
	return ""
}

func (s *modelSession) differs(got store.Session) string {
	g := s.newest()
	previous := ""
	if n := len(s.generations); n > 1 {
		previous = s.generations[n-2].token
	}
	type seen struct {
		Generation                int64
		Cur, Prev                 bool
		Replays, Running          int
		Keyed, ByKey              bool
		Ended                     string
		Rotated, Idle, Ends, Seen int64
		Scopes                    string
	}
	micros := func(t time.Time) int64 {
		if t.IsZero() {
			return 0
		}
		return t.UnixMicro()
	}
	have := seen{
		got.Gen, slices.Equal(got.CurHash, hashOfToken(g.token)), slices.Equal(got.PrevHash, hashOfToken(previous)),
		got.Replays, got.ReplayedGens, got.Keyed, len(got.KeyHash) > 0, got.Reason,
		micros(got.RotatedAt), micros(got.IdleExpires), micros(got.Expires), micros(got.LastSeen), strings.Join(got.Scopes, " "),
	}
	want := seen{
		int64(len(s.generations)), true, true, g.replays, s.replayedRunning(), s.keyed, g.key != "", s.ended,
		micros(g.made), micros(s.idleEnds), micros(s.ends), micros(s.seen), strings.Join(s.scopes, " "),
	}
	switch {
	case have != want:
		return fmt.Sprintf("the store has\n%+v\nand the model\n%+v", have, want)
	case got.RevokedAt.IsZero() != (s.ended == ""):
		return fmt.Sprintf("ended for %q at %v", s.ended, got.RevokedAt)
	}
	return ""
}
