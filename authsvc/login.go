package authsvc

import (
	"context"
	"errors"
	"log/slog"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// Login proves who is calling and opens a session.
func (s *server) Login(ctx context.Context, req *grpcauthv1.LoginRequest) (*grpcauthv1.LoginResponse, error) {
	resp, err := s.login(ctx, req)
	if err != nil {
		return nil, s.leave(ctx, "login_failed", err, s.clients.attr(ctx, req.GetClientId()))
	}
	return resp, nil
}

func (s *server) login(ctx context.Context, req *grpcauthv1.LoginRequest) (*grpcauthv1.LoginResponse, error) {
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
	p, err := s.answered(loginProof(req, client), req.GetChallengeAnswer())
	if err != nil {
		return nil, err
	}
	user, err := s.prove(ctx, p)
	if more, ok := errors.AsType[*ChallengeError](err); ok {
		challenge, err := s.ask(ctx, p, user, more)
		return &grpcauthv1.LoginResponse{Result: &grpcauthv1.LoginResponse_Challenge{Challenge: challenge}}, err
	}
	if err != nil {
		return nil, err
	}
	tokens, err := s.open(ctx, req, client, user)
	return &grpcauthv1.LoginResponse{Result: &grpcauthv1.LoginResponse_Tokens{Tokens: tokens}}, err
}

func loginProof(req *grpcauthv1.LoginRequest, client Client) proof {
	return proof{
		Credentials: Credentials{Username: req.GetUsername(), Password: req.GetPassword(), ClientID: client.ID},
		account:     byName(req.GetUsername()),
		failure:     "login_failed",
		purpose:     []string{"login", client.ID, string(join(req.GetScopes()...)), string(join(req.GetAudiences()...)), req.GetLabel()},
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
	session := s.newSession(ctx, first, client, user.Identity)
	session.Scopes, session.Audiences, session.Label, session.Certificate = scopes, audiences, req.GetLabel(), certificate
	grant, err := s.mint(ctx, session, user.Identity, scopes, audiences, user.counters)
	if err != nil {
		return nil, err
	}
	if err := s.store.CreateSession(ctx, session, user.counters.Subject, s.entry(ctx, "login", session)); err != nil {
		return nil, err
	}
	return grant.tokens(first, s.cfg.RefreshTTL), nil
}

func (s *server) newSession(ctx context.Context, first *refreshToken, client Client, user Identity) store.Session {
	now := s.cfg.Now()
	return store.Session{
		ID:          first.session(),
		ClientID:    client.ID,
		Subject:     user.Subject,
		Gen:         first.gen(),
		CurHash:     first.hash(),
		AuthTime:    now,
		AMR:         unique(user.AMR),
		IdleExpires: now.Add(s.cfg.RefreshTTL),
		Expires:     now.Add(s.cfg.SessionTTL),
		CreatedAt:   now,
		LastSeen:    now,
		LastAddress: s.address(ctx),
	}
}

func sessionAttrs(s store.Session) []slog.Attr {
	return []slog.Attr{slog.String("session", s.ID), slog.String("subject", s.Subject), slog.String("client", s.ClientID)}
}
