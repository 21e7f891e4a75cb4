package authsvc_test

import (
	"context"
	"fmt"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// What may happen next, drawn by the numbers of the seed. Sessions are chosen
// by their place, not by their random ids, so that a seed means the same each
// time.

// word is one that was never used: an idempotency key or a password.
func (r *modelRun) word() string {
	r.fresh++
	return fmt.Sprintf("%04d-idempotency-or-password", r.fresh)
}

func (r *modelRun) oneIn(n int) bool { return r.rng.IntN(n) == 0 }

func pick[E any](r *modelRun, list ...E) E { return list[r.rng.IntN(len(list))] }

// draw is the next operation.
func (r *modelRun) draw() operation {
	if len(r.m.order) < 3 {
		if r.oneIn(4) {
			return r.drawDisable(pick(r, "ada", "bob", "eve"), false)
		}
		return r.drawLogin()
	}
	s := r.session()
	if r.impatient > 0 { // somebody presses the button
		r.impatient--
		return r.retry(s)
	}
	if r.oneIn(30) && s.stands(r.m.now) {
		r.impatient, r.who = 7, s.id
		return r.newest(s)
	}
	switch n := r.rng.IntN(100); {
	case n < 8:
		return r.drawLogin()
	case n < 45:
		return r.newest(s)
	case n < 77:
		return r.drawRefresh(s)
	case n < 88:
		return r.drawClock()
	default:
		return r.drawEnd(s)
	}
}

// session is one of those opened last, and one that stands if there is.
func (r *modelRun) session() *modelSession {
	if r.impatient > 0 {
		return r.m.sessions[r.who]
	}
	last := r.m.order[max(0, len(r.m.order)-6):]
	s := r.m.sessions[pick(r, last...)]
	for range 8 {
		if s.stands(r.m.now) || r.oneIn(12) {
			break
		}
		s = r.m.sessions[pick(r, last...)]
	}
	return s
}

func (r *modelRun) drawLogin() operation {
	subject := pick(r, "ada", "bob", "eve")
	o := opLogin{subject: subject, client: pick(r, "web", "phone"), password: r.m.people[subject].password}
	if r.oneIn(3) {
		o.scopes = []string{"notes.read"}
	}
	return o
}

// newest is an honest refresh.
func (r *modelRun) newest(s *modelSession) opRefresh {
	o := opRefresh{
		token: s.newest().token, session: s.id, generation: len(s.generations), client: s.client, note: "the newest",
	}
	if s.keyed || r.oneIn(8) {
		o.key = r.word()
	}
	if r.oneIn(4) {
		o.scopes = []string{s.scopes[0]}
	}
	return o
}

// retry presents again what the newest was given for.
func (r *modelRun) retry(s *modelSession) opRefresh {
	if len(s.generations) == 1 {
		return r.newest(s)
	}
	o := r.old(s, len(s.generations)-1)
	o.key, o.note = s.newest().key, "again"
	return o
}

// old presents that generation.
func (r *modelRun) old(s *modelSession, generation int) opRefresh {
	return opRefresh{token: s.generations[generation-1].token, session: s.id, generation: generation, client: s.client, note: "an old one"}
}

// drawRefresh is one that is mostly not honest.
func (r *modelRun) drawRefresh(s *modelSession) operation {
	o := r.retry(s)
	switch r.rng.IntN(24) {
	case 0: // with another key or none
		o.key = pick(r, "", r.word())
	case 1:
		o = r.old(s, 1+r.rng.IntN(len(s.generations)))
		o.key = pick(r, "", s.newest().key, r.word())
	case 2:
		o = r.newest(s)
		ahead := r.rng.Int64N(4) - 1
		o.token, o.forged, o.note = r.w.service.ForgeRefreshToken(o.token, max(ahead, 1-int64(o.generation))), true, "forged"
		o.generation, o.scopes = max(1, o.generation+int(ahead)), nil
	case 3:
		o.client = map[string]string{"web": "phone", "phone": "web"}[s.client]
	case 4:
		o.scopes = []string{"notes.write"} // which phones never have
	case 5:
		o = r.newest(s)
		o.key = "" // which a session that used one can't do without
	}
	return o
}

func (r *modelRun) drawClock() operation {
	d := pick(r, time.Microsecond, time.Second, time.Second, 9*time.Second, modelWindow, modelWindow+time.Microsecond, modelAccessed)
	switch {
	case r.oneIn(5):
		d = pick(r, time.Hour, 24*time.Hour, 29*24*time.Hour)
	case r.oneIn(30):
		d = modelIdle
	}
	return opStore{
		name: fmt.Sprintf("the clock goes on by %v", d),
		verb: func(context.Context, store.Store) error { r.advance(d); return nil },
		then: func(*model) {},
	}
}

// drawEnd is mostly something that ends sessions.
func (r *modelRun) drawEnd(s *modelSession) operation {
	switch n := r.rng.IntN(20); {
	case n < 6:
		return r.drawOwner(s)
	case n < 7:
		return r.drawRevoke(s)
	case n < 10:
		return r.drawClientRaise()
	case n < 12:
		return opStore{
			name: "a sweep",
			verb: func(ctx context.Context, st store.Store) error { _, err := st.Sweep(ctx, 1<<20); return err },
			then: func(m *model) { m.sweep() },
		}
	case n < 13: // a wrong password, and the wait that it may cost
		r.advance(time.Minute)
		r.m.now = r.w.clock.Now()
		return opLogin{subject: s.subject, client: s.client, password: r.word()}
	default:
		return r.drawPerson(s.subject)
	}
}

func (r *modelRun) drawRevoke(s *modelSession) operation {
	const why = "ended by another session"
	return opStore{
		name: fmt.Sprintf("session %.5s is revoked", s.id),
		verb: func(ctx context.Context, st store.Store) error {
			return st.UpdateSession(ctx, s.id, func(now time.Time, s *store.Session) error {
				if s.RevokedAt.IsZero() {
					s.RevokedAt, s.Reason = now, why
					s.Log = []store.Entry{{Kind: "session_revoked", SessionID: s.ID}}
				}
				return nil
			})
		},
		then: func(m *model) { m.revoke(s.id, why) },
	}
}

func (r *modelRun) drawClientRaise() operation {
	client := pick(r, "web", "phone")
	return opStore{
		name: "client " + client + " is raised",
		verb: func(ctx context.Context, st store.Store) error { return st.RaiseClient(ctx, client, "raised") },
		then: func(m *model) { m.raiseClient(client, "raised") },
	}
}

// drawPerson changes what a subject may do.
func (r *modelRun) drawPerson(subject string) operation {
	switch r.rng.IntN(7) {
	case 0:
		return opStore{
			name: "is logged out everywhere", subject: subject,
			verb: func(ctx context.Context, st store.Store) error { return st.RaiseSubject(ctx, subject, "everywhere") },
			then: func(m *model) { m.raise(subject, "everywhere") },
		}
	case 1:
		password := r.word()
		return opStore{
			name: "has a new password", subject: subject,
			verb: func(ctx context.Context, st store.Store) error {
				return st.SetPassword(ctx, subject, "hash of "+password)
			},
			then: func(m *model) { m.people[subject].password = password; m.raise(subject, store.ReasonPassword) },
		}
	case 2:
		return r.drawDisable(subject, true)
	default:
		return r.drawDisable(subject, false)
	}
}

func (r *modelRun) drawDisable(subject string, disabled bool) operation {
	return opStore{
		name: fmt.Sprintf("is disabled: %t", disabled), subject: subject,
		verb: func(ctx context.Context, st store.Store) error { return st.SetDisabled(ctx, subject, disabled) },
		then: func(m *model) {
			if p := m.people[subject]; p.disabled != disabled {
				p.disabled = disabled
				if disabled {
					m.raise(subject, store.ReasonDisabled)
				}
			}
		},
	}
}
