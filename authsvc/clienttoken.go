package authsvc

import (
	"context"
	"fmt"
	"log/slog"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/transport"
	"github.com/grpcauth/grpcauth/token"
)

// clientSubject begins the `sub` of the tokens that a client gets for itself.
// No user's begins so (RFC 9068 §5).
const clientSubject = "client:"

// IssueClientToken gives a service an access token of its own.
func (s *server) IssueClientToken(ctx context.Context, req *grpcauthv1.IssueClientTokenRequest) (*grpcauthv1.IssueClientTokenResponse, error) {
	resp, err := s.issueClientToken(ctx, req)
	if err != nil {
		return nil, s.leave(ctx, "client_token_failed", err, s.clients.attr(ctx, req.GetClientId()))
	}
	return resp, nil
}

func (s *server) issueClientToken(ctx context.Context, req *grpcauthv1.IssueClientTokenRequest) (*grpcauthv1.IssueClientTokenResponse, error) {
	if err := s.secure(ctx); err != nil {
		return nil, err
	}
	if err := checkClientToken(req); err != nil {
		return nil, err
	}
	counters, err := s.clientCounters(ctx, req.GetClientId())
	if err != nil {
		return nil, err
	}
	client, err := s.proveService(ctx, req)
	if err != nil {
		return nil, err
	}
	if err := s.issued.take(client.ID); err != nil {
		return nil, err
	}
	scopes, err := choose(req.GetScopes(), unique(client.Scopes), "scope")
	if err != nil {
		return nil, err
	}
	audiences, err := chooseAudiences(req.GetAudiences(), client.Audiences)
	if err != nil {
		return nil, err
	}
	return s.mintForClient(ctx, client, scopes, audiences, counters)
}

// clientCounters are those that a token is measured by. They are read before
// the client is, so that a token made while the client is being disabled is
// out of date from the start. What is asked leaves nothing in the store:
// nobody has proven yet to be a client.
func (s *server) clientCounters(ctx context.Context, id string) (store.Counters, error) {
	standing, err := s.store.Standing(ctx, store.TokenRef{Subject: clientSubject + id, ClientID: id})
	return standing.Counters, err
}

// proveService is proveClient for a client that may have tokens for itself.
// All of those prove who they are, and no others do.
func (s *server) proveService(ctx context.Context, req *grpcauthv1.IssueClientTokenRequest) (registered, error) {
	client, err := s.proveClient(ctx, req.GetClientId(), proofOf(req))
	if err == nil && !client.service {
		return registered{}, fmt.Errorf("%w: %q may get no tokens for itself", errInvalidClient, client.ID)
	}
	return client, err
}

// mintForClient makes the token (RFC 9068 §2.2). There is no user and no
// session in it, and no refresh token beside it (RFC 6749 §4.4.3).
func (s *server) mintForClient(ctx context.Context, client registered, scopes, audiences []string, counters store.Counters) (*grpcauthv1.IssueClientTokenResponse, error) {
	if _, err := client.bind(ctx); err != nil {
		return nil, err
	}
	spec := token.Spec{
		Kind:     token.Access,
		Subject:  clientSubject + client.ID,
		Audience: audiences,
		ClientID: client.ID,
		Scopes:   scopes,
		Counters: token.Counters(counters),
	}
	if client.CertificateBound {
		spec.Certificate = transport.Certificate(ctx)
	}
	raw, claims, err := s.issuer.Issue(ctx, spec)
	if err != nil {
		return nil, unmintable(ctx, spec.Subject, err)
	}
	s.event(ctx, slog.LevelInfo, "client_token", slog.String("client", client.ID))
	return &grpcauthv1.IssueClientTokenResponse{
		AccessToken: raw,
		TokenType:   "Bearer",
		ExpiresIn:   durationpb.New(claims.ExpiresAt().Sub(claims.IssuedAt())),
		Scopes:      claims.Scopes(),
	}, nil
}
