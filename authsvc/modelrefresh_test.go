package authsvc_test

import (
	"context"
	"fmt"
	"time"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// opRefresh presents a refresh token.
type opRefresh struct {
	quiet
	token, session string
	generation     int
	client, key    string
	scopes         []string
	forged         bool // the MAC is right, but it was never given out
	note           string
}

func (o opRefresh) String() string {
	return fmt.Sprintf("%s refreshes session %.5s with generation %d (%s), key %.4q, scopes %v", o.client, o.session, o.generation, o.note, o.key, o.scopes)
}

func (o opRefresh) do(ctx context.Context, w *modelWorld) answer {
	r, err := w.Refresh(ctx, &grpcauthv1.RefreshRequest{RefreshToken: o.token, ClientId: o.client, Scopes: o.scopes, IdempotencyKey: o.key})
	return w.answer(r.GetTokens(), err)
}

func (o opRefresh) apply(m *model, got answer) string {
	s, there := m.sessions[o.session]
	if !there || s.client != o.client {
		return is(got, invalid)
	}
	want := m.verdict(s, o)
	if got.refusal != want {
		return is(got, want)
	}
	switch {
	case want == isReused:
		m.end(s, whyReused)
		m.audit("refresh_reused", s.id)
		m.event("session", s.id, 0)
		return ""
	case want != okay:
		return ""
	case o.generation == len(s.generations):
		s.generations = append(s.generations, generation{got.tokens.GetRefreshToken(), o.key, m.now, 0})
		s.keyed = s.keyed || o.key != ""
		s.idleEnds, s.seen = earlier(m.now.Add(modelIdle), s.ends), m.now
	case s.newest().key == "":
		s.newest().replays++
		s.seen = m.now
		m.audit("refresh_replayed", s.id)
	case s.newest().replays == 0: // the first retry with the key, and no later one
		s.newest().replays++
		m.audit("refresh_replayed", s.id)
	}
	return m.given(s, granted(o.scopes, s.scopes), s.idleEnds.Sub(m.now), got)
}

// verdict is the table in docs/refresh-tokens.md.
func (m *model) verdict(s *modelSession, o opRefresh) string {
	newest := len(s.generations)
	held := len(granted(o.scopes, s.scopes)) >= max(1, len(o.scopes))
	switch {
	case s.ended != "":
		return isEnded
	case o.generation == newest && !held:
		return notGranted
	case s.expired(m.now):
		return invalid
	case o.generation > newest, o.forged && o.generation >= newest-1:
		return invalid
	case o.generation == newest && s.keyed && o.key == "":
		return needsKey
	case o.generation == newest:
		return okay
	case o.generation < newest-1, !s.retry(o.key, m.now):
		return isReused
	case !held:
		return notGranted
	default:
		return okay
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
