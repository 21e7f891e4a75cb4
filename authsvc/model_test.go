package authsvc_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// model is docs/refresh-tokens.md as plainly as it can be said. It keeps every
// generation of every session, so that nothing has to be counted that can be
// looked up, and it knows of no store and no lock. Each operation is applied
// to it with the answer that the service gave, and says what is wrong with
// that.
type model struct {
	now      time.Time
	people   map[string]*modelPerson // by subject
	raised   map[string]int64        // the clients' counters
	sessions map[string]*modelSession
	order    []string // the sessions' ids as they were opened
	access   []modelAccess
	record   []modelLine // of the audit record and of the events
	// raising are the subjects that are raised at the same time: a login of
	// theirs may be told to begin again.
	raising map[string]bool
	// stood are the sessions that stood when several callers began.
	stood map[string]bool
	taken map[string]bool // access tokens, by their ids
	// failures are the wrong proofs in a row, by account.
	failures map[string]int
}

type modelPerson struct {
	subject, name, password string
	disabled                bool
	counter                 int64
}

type modelSession struct {
	id, subject, client string
	scopes              []string
	authTime            time.Time
	generations         []generation // the last one is the newest
	access              string       // the newest access token
	keyed               bool
	idleEnds, ends      time.Time
	seen                time.Time
	ended               string // why, or "" while it stands
}

// generation is a refresh token, and how it came to be.
type generation struct {
	token   string
	key     string // the idempotency key that it was asked for with
	made    time.Time
	replays int // how often it was given again; with its key, the first time only
}

// modelAccess is an access token that was given out.
type modelAccess struct {
	raw, id, session, subject, client string
	counters                          token.Counters
	expires                           time.Time
}

// modelLine is something that the store must remember until then.
type modelLine struct {
	text  string
	until time.Time
}

// answer is what the service said.
type answer struct {
	refusal string // code and reason, or "OK"
	tokens  *grpcauthv1.Tokens
	claims  *token.Claims
}

const (
	modelIdle     = 30 * 24 * time.Hour
	modelAbsolute = 90 * 24 * time.Hour
	modelAccessed = 15 * time.Minute
	modelWindow   = 30 * time.Second
	modelReplays  = 5
	modelFailures = 5 // in a row, before there is a wait

	okay         = "OK"
	notGranted   = "PermissionDenied SCOPE_NOT_GRANTED"
	invalid      = "Unauthenticated REFRESH_INVALID"
	isReused     = "Unauthenticated REFRESH_REUSED"
	isEnded      = "Unauthenticated SESSION_REVOKED"
	needsKey     = "InvalidArgument INVALID_REQUEST"
	wrongName    = "Unauthenticated INVALID_CREDENTIALS"
	beginAgain   = "Aborted CONFLICT"
	throttled    = "ResourceExhausted THROTTLED"
	tokenExpired = "Unauthenticated TOKEN_EXPIRED"

	whyReused = "a refresh token was used twice"
)

func newModel(now time.Time) *model {
	return &model{now: now, people: map[string]*modelPerson{}, raised: map[string]int64{}, sessions: map[string]*modelSession{}, taken: map[string]bool{}, failures: map[string]int{}}
}

func (m *model) clone() *model {
	c := *m
	c.people, c.raised, c.sessions = map[string]*modelPerson{}, maps.Clone(m.raised), map[string]*modelSession{}
	for subject, p := range m.people {
		person := *p
		c.people[subject] = &person
	}
	for id, s := range m.sessions {
		session := *s
		session.generations = slices.Clone(s.generations)
		c.sessions[id] = &session
	}
	c.order, c.access, c.record = slices.Clone(m.order), slices.Clone(m.access), slices.Clone(m.record)
	c.taken, c.failures = maps.Clone(m.taken), maps.Clone(m.failures)
	return &c
}

func (m *model) counters(subject, client string) token.Counters {
	return token.Counters{All: 1, Client: max(1, m.raised[client]), Subject: m.people[subject].counter}
}

// audit and event are what the store must hold of a change.
func (m *model) audit(kind, session string) {
	m.record = append(m.record, modelLine{"audit " + kind + " " + session, m.now.Add(90 * 24 * time.Hour)})
}

func (m *model) event(kind, key string, below int64) {
	m.record = append(m.record, modelLine{fmt.Sprintf("event %s %s below %d", kind, key, below), m.now.Add(25 * time.Hour)})
}

// end ends a session, if it has not ended.
func (m *model) end(s *modelSession, why string) {
	if s.ended == "" {
		s.ended = why
	}
}

// raise ends all sessions of a subject.
func (m *model) raise(subject, why string) {
	m.people[subject].counter++
	for _, s := range m.sessions {
		if s.subject == subject {
			m.end(s, why)
		}
	}
	m.event("subject", subject, m.people[subject].counter)
}

func (m *model) raiseClient(client, why string) {
	m.raised[client] = max(1, m.raised[client]) + 1
	for _, s := range m.sessions {
		if s.client == client {
			m.end(s, why)
		}
	}
	m.event("client", client, m.raised[client])
}

// sweep forgets what can't matter any more.
func (m *model) sweep() {
	for id, s := range m.sessions {
		if !m.now.Before(s.ends) {
			delete(m.sessions, id)
			m.order = slices.DeleteFunc(m.order, func(other string) bool { return other == id })
		}
	}
	m.record = slices.DeleteFunc(m.record, func(l modelLine) bool { return !m.now.Before(l.until) })
}

func (s *modelSession) newest() *generation { return &s.generations[len(s.generations)-1] }

func (s *modelSession) expired(now time.Time) bool {
	return !now.Before(s.idleEnds) || !now.Before(s.ends)
}

func (s *modelSession) stands(now time.Time) bool { return s.ended == "" && !s.expired(now) }

// running is how many generations up to that one were replayed one after the
// other.
func (s *modelSession) running(last int) int {
	n := 0
	for ; n < last && s.generations[last-1-n].replays > 0; n++ {
	}
	return n
}

// retry reports whether the token before the newest is presented by somebody
// who lost the answer.
func (s *modelSession) retry(key string, now time.Time) bool {
	g := s.newest()
	if g.key != "" {
		return key == g.key
	}
	third := g.replays == 0 && s.running(len(s.generations)-1) >= 2
	return !now.After(g.made.Add(modelWindow)) && g.replays < modelReplays && !third
}

// replayedRunning is what the store counts of it.
func (s *modelSession) replayedRunning() int {
	if last := len(s.generations); s.newest().replays > 0 {
		return s.running(last)
	}
	return s.running(len(s.generations) - 1)
}
