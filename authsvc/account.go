package authsvc

import (
	"context"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// Logout ends the session of the access token it is called with.
func (s *server) Logout(ctx context.Context, _ *grpcauthv1.LogoutRequest) (*grpcauthv1.LogoutResponse, error) {
	if err := s.logout(ctx); err != nil {
		return nil, s.leave(ctx, "logout_failed", err)
	}
	return &grpcauthv1.LogoutResponse{}, nil
}

func (s *server) logout(ctx context.Context) error {
	claims, err := s.caller(ctx)
	if err != nil {
		return err
	}
	return s.revoke(ctx, claims.SessionID(), claims.Subject(), "logout")
}

// GetUserInfo tells who the access token it is called with speaks for.
func (s *server) GetUserInfo(ctx context.Context, _ *grpcauthv1.GetUserInfoRequest) (*grpcauthv1.GetUserInfoResponse, error) {
	info, err := s.userInfo(ctx)
	if err != nil {
		return nil, s.leave(ctx, "userinfo_failed", err)
	}
	return info, nil
}

// userInfo answers with what the token says and the name the user has now.
func (s *server) userInfo(ctx context.Context) (*grpcauthv1.GetUserInfoResponse, error) {
	claims, err := s.caller(ctx)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(claims.Subject(), clientSubject) {
		return describe(claims, ""), nil // a service is no user, and has no name
	}
	id, err := s.users.load(ctx, claims.Subject())
	if err != nil {
		return nil, err
	}
	return describe(claims, id.Username), nil
}

func describe(c *token.Claims, username string) *grpcauthv1.GetUserInfoResponse {
	info := &grpcauthv1.GetUserInfoResponse{
		Subject:   c.Subject(),
		Username:  username,
		ClientId:  c.ClientID(),
		SessionId: c.SessionID(),
		Scopes:    c.Scopes(),
		Roles:     c.Roles(),
		ExpiresAt: timestamppb.New(c.ExpiresAt()),
	}
	if !c.AuthTime().IsZero() {
		info.AuthTime = timestamppb.New(c.AuthTime())
	}
	return info
}
