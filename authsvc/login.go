package authsvc

import (
	"context"
	"errors"
	"log/slog"

	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/internal/transport"
)

var errChanged = fault.New(grpcauthv1.Reason_REASON_CONFLICT, "authsvc: the user's credentials changed during the login")

// Login proves who is calling and opens a session.
func (s *server) Login(ctx context.Context, req *grpcauthv1.LoginRequest) (*grpcauthv1.LoginResponse, error) {
	tokens, err := s.login(ctx, req)
	if err != nil {
		return nil, s.leave(ctx, "login_failed", err, s.clients.attr(ctx, req.GetClientId()))
	}
	return &grpcauthv1.LoginResponse{Result: &grpcauthv1.LoginResponse_Tokens{Tokens: tokens}}, nil
}

func (s *server) login(ctx context.Context, req *grpcauthv1.LoginRequest) (*grpcauthv1.Tokens, error) {
	if err := s.secure(ctx); err != nil {
		return nil, err
	}
	if err := checkLogin(req); err != nil {
		return nil, err
	}
	client, err := s.clients.forUsers(ctx, req.GetClientId())
	if err != nil {
		return nil, err
	}
	user, err := s.prove(ctx, Credentials{Username: req.GetUsername(), Password: req.GetPassword(), ClientID: client.ID})
	if err != nil {
		return nil, err
	}
	return s.open(ctx, req, client, user)
}

// proven is a user whose credentials were right while their counters stood at
// counters.
type proven struct {
	Identity
	counters store.Counters
}

// prove checks the credentials so that a login which began before they changed
// can't finish after. Whose they are is known only once they are checked, so
// the counter is read then, and the user is loaded once more:
//
//   - changed and raised before the counter was read: Load shows another
//     version, or that the user is gone;
//   - raised after that: the session is not inserted, because the counter has
//     moved, or it is revoked by the raise itself.
//
// For this, whoever changes credentials changes them first and raises then, or
// does both in one transaction, as the Store does for its own users.
func (s *server) prove(ctx context.Context, c Credentials) (proven, error) {
	checked, err := s.users.authenticate(password.WithOrigin(ctx, transport.Origin(ctx)), c)
	if err != nil {
		return proven{}, err
	}
	counters, err := s.store.Counters(ctx, checked.Subject, c.ClientID)
	if err != nil {
		return proven{}, err
	}
	now, err := s.users.load(ctx, checked.Subject)
	if errors.Is(err, ErrGone) {
		return proven{}, ErrInvalidCredentials
	}
	if err != nil {
		return proven{}, err
	}
	if err := sameVersion(checked.Version, now.Version); err != nil {
		return proven{}, err
	}
	return proven{Identity: now, counters: counters}, nil
}

func sameVersion(checked, now string) error {
	switch {
	case checked == now:
		return nil
	case checked == "" || now == "":
		return errors.New("authsvc: only one of Config.Authenticate and Config.Load sets Identity.Version: set it in both or in neither")
	default:
		return errChanged
	}
}

// open opens a session. Everything that can fail has been done before it is
// inserted.
func (s *server) open(ctx context.Context, req *grpcauthv1.LoginRequest, client Client, user proven) (*grpcauthv1.Tokens, error) {
	scopes, err := choose(req.GetScopes(), client.allowedScopes(user.Identity), "scope")
	if err != nil {
		return nil, err
	}
	audiences, err := chooseAudiences(req.GetAudiences(), client.Audiences)
	if err != nil {
		return nil, err
	}
	certificate, err := client.bind(ctx)
	if err != nil {
		return nil, err
	}
	first := s.codec.first()
	session := s.newSession(ctx, first, client, user.Subject)
	session.Scopes, session.Audiences, session.Label, session.Certificate = scopes, audiences, req.GetLabel(), certificate
	grant, err := s.mint(ctx, session, user.Identity, scopes, audiences, user.counters)
	if err != nil {
		return nil, err
	}
	if err := s.store.CreateSession(ctx, session, user.counters.Subject, entry(ctx, "login", session)); err != nil {
		return nil, err
	}
	s.event(ctx, slog.LevelInfo, "login", sessionAttrs(session)...)
	return grant.tokens(first, s.cfg.RefreshTTL), nil
}

func (s *server) newSession(ctx context.Context, first *refreshToken, client Client, subject string) store.Session {
	now := s.cfg.Now()
	return store.Session{
		ID:          first.session(),
		ClientID:    client.ID,
		Subject:     subject,
		Gen:         first.gen(),
		CurHash:     first.hash(),
		AuthTime:    now,
		IdleExpires: now.Add(s.cfg.RefreshTTL),
		Expires:     now.Add(s.cfg.SessionTTL),
		CreatedAt:   now,
		LastSeen:    now,
		LastAddress: addressOf(ctx),
	}
}

func sessionAttrs(s store.Session) []slog.Attr {
	return []slog.Attr{slog.String("session", s.ID), slog.String("subject", s.Subject), slog.String("client", s.ClientID)}
}
