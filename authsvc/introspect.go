package authsvc

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

// IntrospectToken tells whether an access token stands (RFC 7662). Its rule
// demands the scope grpcauth.introspect, which the Store alone gives.
func (s *server) IntrospectToken(ctx context.Context, req *grpcauthv1.IntrospectTokenRequest) (*grpcauthv1.IntrospectTokenResponse, error) {
	resp, err := s.introspect(ctx, req)
	if err != nil {
		return nil, s.leave(ctx, "introspection_failed", err)
	}
	return resp, nil
}

// introspect answers alike for every token that is not the caller's to know:
// one that is none, is of another kind, has expired, was taken back, or is meant
// for somebody else.
func (s *server) introspect(ctx context.Context, req *grpcauthv1.IntrospectTokenRequest) (*grpcauthv1.IntrospectTokenResponse, error) {
	caller, err := s.caller(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkIntrospect(req); err != nil {
		return nil, err
	}
	serves, err := s.servedBy(ctx, caller)
	if err != nil {
		return nil, err
	}
	claims, err := s.verifier.Verify(ctx, req.GetToken())
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil, !slices.ContainsFunc(serves, claims.HasAudience), s.left(claims.ExpiresAt()) == 0:
		return &grpcauthv1.IntrospectTokenResponse{}, nil //nolint:nilerr // whatever is wrong with it, it is inactive
	}
	err = s.checkStanding(ctx, claims)
	switch {
	case errors.Is(err, revocation.ErrRevoked), errors.Is(err, revocation.ErrOutdated):
		return &grpcauthv1.IntrospectTokenResponse{}, nil
	case err != nil:
		return nil, err
	}
	return introspected(claims), nil
}

// servedBy is the audiences that the caller is itself, as its record has them
// now. A person serves none, whatever app they called with.
func (s *server) servedBy(ctx context.Context, caller *token.Claims) ([]string, error) {
	if caller.Subject() != clientSubject+caller.ClientID() {
		return nil, nil
	}
	client, err := s.clients.find(ctx, caller.ClientID())
	if err != nil || !client.service {
		return nil, err
	}
	return client.serves, nil
}

func introspected(c *token.Claims) *grpcauthv1.IntrospectTokenResponse {
	resp := &grpcauthv1.IntrospectTokenResponse{
		Active:    true,
		Subject:   c.Subject(),
		ClientId:  c.ClientID(),
		Scopes:    c.Scopes(),
		Roles:     c.Roles(),
		Audiences: c.Audience(),
		SessionId: c.SessionID(),
		ExpiresAt: timestamppb.New(c.ExpiresAt()),
		IssuedAt:  timestamppb.New(c.IssuedAt()),
	}
	if !c.AuthTime().IsZero() {
		resp.AuthTime = timestamppb.New(c.AuthTime())
	}
	if c.Bound() {
		thumbprint, _ := c.Claim("cnf.x5t#S256").Text()
		resp.Confirmation = &grpcauthv1.Confirmation{X5TS256: thumbprint}
	}
	return resp
}
