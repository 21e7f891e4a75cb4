package authsvc_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// What owners do to their sessions with an access token, and clients with the
// tokens that they give up.

const (
	tokenRevoked = "Unauthenticated TOKEN_REVOKED"
	noSession    = "NotFound SESSION_NOT_FOUND"
	whyReplaced  = "its owner proved anew who they are"
	whyOwner     = "its owner ended it"
	whyOwnerAll  = "its owner ended all sessions"
	whyClient    = "revoked by its client"
)

// refused is what a call with that access token is told before it does
// anything, or "". What ended while the call was under way may have been seen
// to stand.
func (m *model) refused(a modelAccess, got answer) string {
	s, there := m.sessions[a.session]
	switch {
	case !m.now.Before(a.expires):
		return tokenExpired
	case there && s.stands(m.now) && !m.taken[a.id]:
		return ""
	case m.stood[a.session] && (got.refusal == isEnded || got.refusal == tokenRevoked):
		return got.refusal
	case m.stood[a.session]:
		return ""
	case there && s.ended == "" && !m.taken[a.id]:
		return isEnded // by itself
	default:
		return tokenRevoked
	}
}

// opReplace proves once more who one is, and gets a session in place of the old.
type opReplace struct {
	quiet
	access   modelAccess
	password string
}

func (o opReplace) String() string { return fmt.Sprintf("session %.5s is replaced", o.access.session) }

func (o opReplace) do(ctx context.Context, w *modelWorld) answer {
	r, err := w.Reauthenticate(bearerOf(ctx, o.access), &grpcauthv1.ReauthenticateRequest{Password: o.password})
	return w.answer(r.GetTokens(), err)
}

func (o opReplace) apply(m *model, got answer) string {
	account := "again " + o.access.subject // counted apart from logins
	owner := m.people[o.access.subject]
	refused := m.refused(o.access, got)
	switch {
	case refused != "":
		return is(got, refused)
	case m.later(account, got):
		return ""
	case owner.password != o.password || owner.disabled: // perhaps since the session was seen to stand
		m.failures[account]++
		return is(got, wrongName)
	case got.refusal != okay:
		return is(got, okay)
	}
	old, there := m.sessions[o.access.session]
	if !there || !old.stands(m.now) {
		return "a session that had ended was replaced"
	}
	m.failures[account] = 0
	m.end(old, whyReplaced)
	m.event("session", old.id, 0)
	s := m.open(old.subject, old.client, got.claims.SessionID(), got.tokens.GetRefreshToken())
	s.scopes = old.scopes
	m.audit("reauthenticated", s.id)
	return m.given(s, s.scopes, modelIdle, got)
}

// opRevoke ends a session of the caller, who may have another one.
type opRevoke struct {
	quiet
	access  modelAccess
	session string
}

func (o opRevoke) String() string {
	return fmt.Sprintf("session %.5s revokes session %.5s", o.access.session, o.session)
}

func (o opRevoke) do(ctx context.Context, w *modelWorld) answer {
	_, err := w.RevokeSession(bearerOf(ctx, o.access), &grpcauthv1.RevokeSessionRequest{SessionId: o.session})
	return answer{refusal: refusal(err)}
}

func (o opRevoke) apply(m *model, got answer) string {
	if refused := m.refused(o.access, got); refused != "" {
		return is(got, refused)
	}
	if s, there := m.sessions[o.session]; !there || s.subject != o.access.subject {
		return is(got, noSession)
	}
	m.revoke(o.session, whyOwner)
	return is(got, okay)
}

// opRevokeAll ends all sessions of the caller.
type opRevokeAll struct{ access modelAccess }

func (o opRevokeAll) String() string { return o.access.subject + " revokes all sessions" }
func (o opRevokeAll) raises() string { return o.access.subject }

func (o opRevokeAll) do(ctx context.Context, w *modelWorld) answer {
	_, err := w.RevokeAllSessions(bearerOf(ctx, o.access), &grpcauthv1.RevokeAllSessionsRequest{})
	return answer{refusal: refusal(err)}
}

func (o opRevokeAll) apply(m *model, got answer) string {
	if refused := m.refused(o.access, got); refused != "" {
		return is(got, refused)
	}
	m.raise(o.access.subject, whyOwnerAll)
	m.audit("sessions_revoked", o.access.session)
	return is(got, okay)
}

// opList lists the caller's sessions.
type opList struct {
	quiet
	access modelAccess
	listed *[]string // what the answer held
}

func (o opList) String() string { return "session " + o.access.session[:5] + " lists" }

func (o opList) do(ctx context.Context, w *modelWorld) answer {
	*o.listed = nil
	for request := (&grpcauthv1.ListSessionsRequest{PageSize: 3}); ; {
		page, err := w.ListSessions(bearerOf(ctx, o.access), request)
		if err != nil {
			return answer{refusal: refusal(err)}
		}
		for _, s := range page.GetSessions() {
			*o.listed = append(*o.listed, s.GetId())
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return answer{refusal: okay}
		}
	}
}

func (o opList) apply(m *model, got answer) string {
	if refused := m.refused(o.access, got); refused != "" {
		return is(got, refused)
	}
	standing := maps.Clone(m.sessions)
	maps.DeleteFunc(standing, func(_ string, s *modelSession) bool {
		return s.subject != o.access.subject || !s.stands(m.now)
	})
	if want := slices.Sorted(maps.Keys(standing)); !slices.Equal(*o.listed, want) {
		return fmt.Sprintf("listed %.5s, want %.5s", *o.listed, want)
	}
	return is(got, okay)
}

// opGiveUp revokes a refresh token (RFC 7009), of whatever generation.
type opGiveUp struct {
	quiet
	token, session, client string
}

func (o opGiveUp) String() string {
	return fmt.Sprintf("%s gives session %.5s up", o.client, o.session)
}

func (o opGiveUp) do(ctx context.Context, w *modelWorld) answer {
	_, err := w.RevokeToken(ctx, &grpcauthv1.RevokeTokenRequest{Token: o.token, ClientId: o.client})
	return answer{refusal: refusal(err)}
}

func (o opGiveUp) apply(m *model, got answer) string {
	if s, there := m.sessions[o.session]; there && s.client == o.client && !s.expired(m.now) {
		m.revoke(o.session, whyClient)
	}
	return is(got, okay)
}

// opGiveUpAccess revokes an access token (RFC 7009).
type opGiveUpAccess struct {
	quiet
	access modelAccess
	client string
}

func (o opGiveUpAccess) String() string {
	return fmt.Sprintf("%s gives an access token of session %.5s up", o.client, o.access.session)
}

func (o opGiveUpAccess) do(ctx context.Context, w *modelWorld) answer {
	_, err := w.RevokeToken(ctx, &grpcauthv1.RevokeTokenRequest{Token: o.access.raw, ClientId: o.client})
	return answer{refusal: refusal(err)}
}

func (o opGiveUpAccess) apply(m *model, got answer) string {
	until := o.access.expires.Add(token.MaxLeeway)
	if o.client == o.access.client && m.now.Before(o.access.expires.Add(30*time.Second)) && !m.taken[o.access.id] {
		m.taken[o.access.id] = true
		m.record = append(m.record, modelLine{fmt.Sprintf("event token %s below 0", o.access.id), until})
	}
	return is(got, okay)
}

// drawOwner is something of these.
func (r *modelRun) drawOwner(s *modelSession) operation {
	access := pick(r, r.m.access[max(0, len(r.m.access)-12):]...)
	if i := slices.IndexFunc(r.m.access, func(a modelAccess) bool { return a.raw == s.access }); i >= 0 && r.oneIn(2) {
		access = r.m.access[i]
	}
	switch r.rng.IntN(11) {
	case 6, 7, 8:
		return opReplace{access: access, password: r.m.people[access.subject].password}
	case 0:
		return opRevokeAll{access}
	case 1, 2:
		return opRevoke{access: access, session: s.id}
	case 3:
		return opGiveUp{token: s.generations[r.rng.IntN(len(s.generations))].token, session: s.id, client: pick(r, s.client, "web")}
	case 4:
		return opGiveUpAccess{access: access, client: pick(r, access.client, access.client, "web")}
	case 5:
		return opLogout{access: access}
	default:
		return opList{access: access, listed: new([]string)}
	}
}
