package authsvc

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/token"
)

// Why sessions end when their owner ends them.
const (
	reasonByOwner    = "its owner ended it"
	reasonAllByOwner = "its owner ended all sessions"
)

var (
	errNoSession = fault.New(grpcauthv1.Reason_REASON_SESSION_NOT_FOUND, "authsvc: the caller has no such session")
	errBadPage   = fault.Because(grpcauthv1.Reason_REASON_INVALID_REQUEST, nil, fault.Field("page_token", "must be the next_page_token of an earlier page of yours"))
)

// ListSessions lists the caller's sessions, a page at a time.
func (s *server) ListSessions(ctx context.Context, req *grpcauthv1.ListSessionsRequest) (*grpcauthv1.ListSessionsResponse, error) {
	page, err := s.listSessions(ctx, req)
	if err != nil {
		return nil, s.leave(ctx, "list_sessions_failed", err)
	}
	return page, nil
}

func (s *server) listSessions(ctx context.Context, req *grpcauthv1.ListSessionsRequest) (*grpcauthv1.ListSessionsResponse, error) {
	if err := checkListSessions(req); err != nil {
		return nil, err
	}
	claims, _, err := s.standing(ctx)
	if err != nil {
		return nil, err
	}
	after, err := s.pageAfter(req.GetPageToken(), claims.Subject())
	if err != nil {
		return nil, err
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultPage
	}
	// One more than is shown tells whether there is another page.
	sessions, err := s.store.SessionsOf(ctx, claims.Subject(), after, size+1)
	if err != nil {
		return nil, err
	}
	page := &grpcauthv1.ListSessionsResponse{}
	if len(sessions) > size {
		sessions = sessions[:size]
		page.NextPageToken = s.pages.seal([]byte(sessions[size-1].ID), claims.Subject())
	}
	for _, session := range sessions {
		page.Sessions = append(page.Sessions, shown(session, claims))
	}
	return page, nil
}

// pageAfter is the id that a page begins after. A page token opens for the
// subject it was made for and for nobody else.
func (s *server) pageAfter(text, subject string) (string, error) {
	if text == "" {
		return "", nil
	}
	after, ok := s.pages.open(text, subject)
	if !ok {
		return "", errBadPage
	}
	return string(after), nil
}

func shown(s store.Session, caller *token.Claims) *grpcauthv1.Session {
	return &grpcauthv1.Session{
		Id: s.ID, ClientId: s.ClientID, Label: s.Label, Current: s.ID == caller.SessionID(), Scopes: s.Scopes,
		CreatedAt: timestamppb.New(s.CreatedAt), AuthTime: timestamppb.New(s.AuthTime),
		LastSeen: timestamppb.New(s.LastSeen), LastAddress: s.LastAddress,
		IdleExpiresAt: timestamppb.New(s.IdleExpires), ExpiresAt: timestamppb.New(s.Expires),
	}
}

// RevokeSession ends one of the caller's sessions. One that has ended already
// is no error.
func (s *server) RevokeSession(ctx context.Context, req *grpcauthv1.RevokeSessionRequest) (*grpcauthv1.RevokeSessionResponse, error) {
	if err := s.revokeSession(ctx, req); err != nil {
		return nil, s.leave(ctx, "revoke_session_failed", err)
	}
	return &grpcauthv1.RevokeSessionResponse{}, nil
}

// revokeSession does not tell another's session from none.
func (s *server) revokeSession(ctx context.Context, req *grpcauthv1.RevokeSessionRequest) error {
	if err := checkRevokeSession(req); err != nil {
		return err
	}
	claims, _, err := s.standing(ctx)
	if err != nil {
		return err
	}
	session, err := s.store.Session(ctx, req.GetSessionId())
	if errors.Is(err, store.ErrNotFound) || err == nil && session.Subject != claims.Subject() {
		return errNoSession
	}
	if err != nil {
		return err
	}
	return s.revoke(ctx, session.ID, session.Subject, reasonByOwner)
}

// RevokeAllSessions ends every session of the caller and every login of theirs
// that has begun.
func (s *server) RevokeAllSessions(ctx context.Context, _ *grpcauthv1.RevokeAllSessionsRequest) (*grpcauthv1.RevokeAllSessionsResponse, error) {
	if err := s.revokeAll(ctx); err != nil {
		return nil, s.leave(ctx, "revoke_all_sessions_failed", err)
	}
	return &grpcauthv1.RevokeAllSessionsResponse{}, nil
}

func (s *server) revokeAll(ctx context.Context) error {
	_, session, err := s.standing(ctx)
	if err != nil {
		return err
	}
	e := s.entry(ctx, "sessions_revoked", session)
	e.Reason = reasonAllByOwner
	return s.store.RaiseSubject(ctx, session.Subject, reasonAllByOwner, e)
}

// standing is who calls and the session that the token belongs to. A token
// whose session has ended manages nothing any more: it lives on for some
// minutes, perhaps in a thief's hands.
func (s *server) standing(ctx context.Context) (*token.Claims, store.Session, error) {
	claims, err := s.caller(ctx)
	if err != nil {
		return nil, store.Session{}, err
	}
	session, err := s.store.Session(ctx, claims.SessionID())
	if errors.Is(err, store.ErrNotFound) {
		return nil, store.Session{}, errRevoked
	}
	if err != nil {
		return nil, store.Session{}, err
	}
	if session.Subject != claims.Subject() || !stands(session, s.cfg.Now()) {
		return nil, store.Session{}, errRevoked
	}
	return claims, session, nil
}

// stands by the clock of the tokens. What changes a session goes by the store's.
func stands(s store.Session, now time.Time) bool {
	return s.RevokedAt.IsZero() && now.Before(s.IdleExpires) && now.Before(s.Expires)
}
