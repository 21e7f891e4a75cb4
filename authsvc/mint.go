package authsvc

import (
	"context"
	"fmt"
	"maps"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/internal/transport"
	"github.com/grpcauth/grpcauth/token"
)

// grant is an access token that was made and not yet given away.
type grant struct {
	raw    string
	claims *token.Claims
}

// mint makes an access token (RFC 9068 §2.2) for a session. auth_time stays
// what it was at login. The counters are those that stood before anything was
// read that the token tells.
func (s *server) mint(ctx context.Context, session store.Session, id Identity, scopes, audiences []string, counters store.Counters) (*grant, error) {
	claims, err := s.privateClaims(ctx, id, session.ClientID)
	if err != nil {
		return nil, err
	}
	spec := token.Spec{
		Kind:      token.Access,
		Subject:   session.Subject,
		Audience:  audiences,
		ClientID:  session.ClientID,
		Scopes:    scopes,
		Roles:     unique(id.Roles),
		SessionID: session.ID,
		AuthTime:  session.AuthTime,
		AMR:       session.AMR,
		Counters:  token.Counters(counters),
		Claims:    claims,
	}
	if session.Certificate != "" {
		spec.Certificate = transport.Certificate(ctx) // the same: see checkBinding
	}
	raw, issued, err := s.issuer.Issue(ctx, spec)
	if err != nil {
		return nil, unmintable(ctx, session.Subject, err)
	}
	return &grant{raw: raw, claims: issued}, nil
}

// privateClaims are those of Config.Claims and those of the user, who wins.
func (s *server) privateClaims(ctx context.Context, id Identity, clientID string) (map[string]any, error) {
	if s.cfg.Claims == nil {
		return id.Claims, nil
	}
	added, err := s.cfg.Claims(ctx, id, clientID)
	if err != nil {
		return nil, theirError(ctx, "Claims", err, nil)
	}
	claims := maps.Clone(id.Claims)
	if claims == nil {
		claims = map[string]any{}
	}
	for name, value := range added {
		if _, own := claims[name]; !own {
			claims[name] = value
		}
	}
	return claims, nil
}

// unmintable is our fault whatever reason err names: the client has sent no
// token that could be malformed.
func unmintable(ctx context.Context, subject string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	err = fmt.Errorf("authsvc: no access token can be made for subject %q: %w", subject, err)
	return fault.Because(grpcauthv1.Reason_REASON_INTERNAL, err)
}

// tokens is the answer to a client. left is how long the refresh token lives.
func (g *grant) tokens(refresh *refreshToken, left time.Duration) *grpcauthv1.Tokens {
	return &grpcauthv1.Tokens{
		AccessToken:      g.raw,
		TokenType:        "Bearer",
		ExpiresIn:        durationpb.New(g.claims.ExpiresAt().Sub(g.claims.IssuedAt())),
		RefreshToken:     refresh.text(),
		RefreshExpiresIn: durationpb.New(left),
		Scopes:           g.claims.Scopes(),
		SessionId:        g.claims.SessionID(),
	}
}
