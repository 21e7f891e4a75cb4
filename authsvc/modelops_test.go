package authsvc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// operation is something that somebody does: to the service, and then, with
// what came of it, to the model.
type operation interface {
	fmt.Stringer
	do(ctx context.Context, w *modelWorld) answer
	// apply says what is wrong with the answer, or "".
	apply(m *model, got answer) string
	// raises is the subject whose logins must not pass at the same time.
	raises() string
}

func is(got answer, want string) string {
	if got.refusal == want {
		return ""
	}
	return fmt.Sprintf("got %s, want %s", got.refusal, want)
}

// opLogin opens a session.
type opLogin struct {
	quiet
	subject, password, client string
	scopes                    []string
}

func (o opLogin) String() string {
	return fmt.Sprintf("%s logs in at %s as %q, scopes %v", o.subject, o.client, o.password, o.scopes)
}

func (o opLogin) do(ctx context.Context, w *modelWorld) answer {
	r, err := w.Login(ctx, &grpcauthv1.LoginRequest{Username: o.subject, Password: o.password, ClientId: o.client, Scopes: o.scopes})
	return w.answer(r.GetTokens(), err)
}

func (o opLogin) apply(m *model, got answer) string {
	p := m.people[o.subject]
	switch {
	case m.later(o.subject, got):
		return ""
	case p.disabled || p.password != o.password:
		m.failures[o.subject]++
		return is(got, wrongName)
	case got.refusal != okay:
		return is(got, okay)
	}
	m.failures[o.subject] = 0
	s := m.open(o.subject, o.client, got.claims.SessionID(), got.tokens.GetRefreshToken())
	s.scopes = granted(o.scopes, modelClients[o.client])
	m.audit("login", s.id)
	return m.given(s, s.scopes, modelIdle, got)
}

// later reports whether a proof was refused for now: because somebody raised
// the subject at the same time, or after too many failures.
func (m *model) later(account string, got answer) bool {
	few := modelFailures
	if m.stood != nil {
		few = 1 // and those under way
	}
	switch subject := account[strings.LastIndex(account, " ")+1:]; {
	case got.refusal == beginAgain && m.raising[subject]:
		m.failures[account]++
		return true
	default:
		return got.refusal == throttled && m.failures[account] >= few
	}
}

// open opens a session that was given that id.
func (m *model) open(subject, client, id, refreshToken string) *modelSession {
	s := &modelSession{
		id: id, subject: subject, client: client, authTime: m.now, seen: m.now,
		generations: []generation{{token: refreshToken}},
		idleEnds:    m.now.Add(modelIdle), ends: m.now.Add(modelAbsolute),
	}
	m.sessions[id] = s
	m.order = append(m.order, id)
	return s
}

// granted is what is wanted of what there is, or all of it.
func granted(wanted, there []string) []string {
	if len(wanted) == 0 {
		return there
	}
	return slices.DeleteFunc(slices.Clone(wanted), func(s string) bool { return !slices.Contains(there, s) })
}

// given checks the tokens of an answer and remembers them.
func (m *model) given(s *modelSession, scopes []string, left time.Duration, got answer) string {
	c := got.claims
	counters, _ := c.Counters()
	s.access = c.Raw()
	m.access = append(m.access, modelAccess{c.Raw(), c.ID(), s.id, s.subject, s.client, counters, c.ExpiresAt()})
	switch {
	case got.tokens.GetRefreshToken() != s.newest().token:
		return "the refresh token is not the newest"
	case c.SessionID() != s.id || c.Subject() != s.subject || c.ClientID() != s.client:
		return "the access token is somebody else's"
	case !slices.Equal(c.Scopes(), scopes):
		return fmt.Sprintf("the scopes are %v, want %v", c.Scopes(), scopes)
	case !c.AuthTime().Equal(s.authTime.Truncate(time.Second)):
		return "auth_time has moved"
	case counters != m.counters(s.subject, s.client):
		return fmt.Sprintf("the counters are %v, want %v", counters, m.counters(s.subject, s.client))
	case c.ExpiresAt().Sub(c.IssuedAt()) != modelAccessed:
		return "the access token lives too long or too short"
	case got.tokens.GetRefreshExpiresIn().AsDuration() != left:
		return fmt.Sprintf("the refresh token is said to live %v, want %v", got.tokens.GetRefreshExpiresIn().AsDuration(), left)
	}
	return ""
}

// opLogout ends the session of an access token.
type opLogout struct {
	quiet
	access modelAccess
}

func (o opLogout) String() string { return fmt.Sprintf("logout of session %.5s", o.access.session) }

func (o opLogout) do(ctx context.Context, w *modelWorld) answer {
	_, err := w.Logout(bearerOf(ctx, o.access), &grpcauthv1.LogoutRequest{})
	return answer{refusal: refusal(err)}
}

func (o opLogout) apply(m *model, got answer) string {
	if !m.now.Before(o.access.expires) {
		return is(got, tokenExpired)
	}
	m.revoke(o.access.session, "logout")
	return is(got, okay)
}

func bearerOf(ctx context.Context, a modelAccess) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+a.raw)
}

// revoke ends one session, if it is there and has not ended.
func (m *model) revoke(id, why string) {
	if s, there := m.sessions[id]; there && s.ended == "" {
		m.end(s, why)
		m.audit("session_revoked", id)
		m.event("session", id, 0)
	}
}

// opStore is a verb of the store: what an operator's commands come down to.
type opStore struct {
	name    string
	subject string // whom it raises
	verb    func(ctx context.Context, s store.Store) error
	then    func(m *model)
}

func (o opStore) String() string { return strings.TrimSpace(o.subject + " " + o.name) }
func (o opStore) raises() string { return o.subject }

func (o opStore) do(ctx context.Context, w *modelWorld) answer {
	err := o.verb(ctx, w.store)
	if errors.Is(err, store.ErrNotFound) {
		err = nil // the session was swept
	}
	return answer{refusal: refusal(err)}
}

func (o opStore) apply(m *model, got answer) string {
	o.then(m)
	return is(got, okay)
}

// quiet raises nobody.
type quiet struct{}

func (quiet) raises() string { return "" }

// standing is what must be known of an access token.
func (m *model) standing(a modelAccess) store.Standing {
	s, there := m.sessions[a.session]
	return store.Standing{
		Counters:     store.Counters(m.counters(a.subject, a.client)),
		Revoked:      m.taken[a.id],
		SessionEnded: !there || s.ended != "",
	}
}

// outdated reports whether a token carries lower counters than those that stand.
func outdated(carried token.Counters, stands store.Counters) bool {
	return carried.All < stands.All || carried.Client < stands.Client || carried.Subject < stands.Subject
}
