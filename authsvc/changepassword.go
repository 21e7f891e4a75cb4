package authsvc

import (
	"context"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

var errNoPasswords = fault.New(grpcauthv1.Reason_REASON_NOT_SUPPORTED, "authsvc: the passwords of these users are kept elsewhere, by Config.Authenticate")

// ChangePassword changes the caller's password and gives them a new session in
// place of all that they had.
func (s *server) ChangePassword(ctx context.Context, req *grpcauthv1.ChangePasswordRequest) (*grpcauthv1.ChangePasswordResponse, error) {
	tokens, err := s.changePassword(ctx, req)
	if err != nil {
		return nil, s.leave(ctx, "password_change_failed", err)
	}
	return &grpcauthv1.ChangePasswordResponse{Tokens: tokens}, nil
}

func (s *server) changePassword(ctx context.Context, req *grpcauthv1.ChangePasswordRequest) (*grpcauthv1.Tokens, error) {
	if err := s.secure(ctx); err != nil {
		return nil, err
	}
	if err := checkChangePassword(req); err != nil {
		return nil, err
	}
	old, client, err := s.owned(ctx)
	if err != nil {
		return nil, err
	}
	users, ok := s.users.(*builtin)
	if !ok {
		return nil, errNoPasswords
	}
	p, err := s.proofOfOwner(ctx, old, req.GetOldPassword())
	if err != nil {
		return nil, err
	}
	p.failure = "password_change_failed"
	user, err := s.prove(ctx, p)
	if err != nil {
		return nil, err
	}
	version, err := users.change(ctx, user.Identity, req.GetNewPassword(), s.entry(ctx, "password_changed", old))
	if err != nil {
		return nil, err
	}
	return s.comeBack(ctx, old, client, Identity{Subject: user.Subject, Version: version, AMR: user.AMR})
}

// comeBack opens a session for the one who has just changed their password,
// which has ended all of them, unless it was changed again since.
func (s *server) comeBack(ctx context.Context, old store.Session, client Client, changed Identity) (*grpcauthv1.Tokens, error) {
	user, err := s.current(ctx, changed, client.ID)
	if err != nil {
		return nil, err
	}
	next, err := s.successor(ctx, old, client, user)
	if err != nil {
		return nil, err
	}
	e := s.entry(ctx, "login", next.session)
	e.Reason = "after a change of the password"
	if err := s.store.CreateSession(ctx, next.session, user.counters.Subject, e); err != nil {
		return nil, err
	}
	return next.tokens(s.cfg.RefreshTTL), nil
}
