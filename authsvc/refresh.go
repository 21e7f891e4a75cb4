package authsvc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// maxAttempts bounds how often a refresh starts over because the session moved
// under it. Each time somebody else got on, so a third is hardly ever seen.
const maxAttempts = 3

var (
	errReused  = fault.New(grpcauthv1.Reason_REASON_REFRESH_REUSED, "authsvc: the refresh token was used before")
	errUnkeyed = fault.Because(grpcauthv1.Reason_REASON_INVALID_REQUEST, nil, fault.Field("idempotency_key", "must not be empty: this session's refreshes carry one"))
	errRevoked = fault.New(grpcauthv1.Reason_REASON_SESSION_REVOKED, "authsvc: the session was ended")

	// errUnchanged ends an update that has nothing to write.
	errUnchanged = errors.New("authsvc: nothing to write")
)

// Refresh gives new tokens for a refresh token.
func (s *server) Refresh(ctx context.Context, req *grpcauthv1.RefreshRequest) (*grpcauthv1.RefreshResponse, error) {
	tokens, err := s.refreshTokens(ctx, req)
	if err != nil {
		return nil, s.leave(ctx, "refresh_failed", err, s.clients.attr(ctx, req.GetClientId()))
	}
	return &grpcauthv1.RefreshResponse{Tokens: tokens}, nil
}

func (s *server) refreshTokens(ctx context.Context, req *grpcauthv1.RefreshRequest) (*grpcauthv1.Tokens, error) {
	if err := s.secure(ctx); err != nil {
		return nil, err
	}
	if err := checkRefresh(req); err != nil {
		return nil, err
	}
	presented, err := s.codec.parse(req.GetRefreshToken())
	if err != nil {
		return nil, err
	}
	client, err := s.clients.forUsers(ctx, req.GetClientId())
	if err != nil {
		return nil, err
	}
	r := &refreshing{server: s, client: client, presented: presented, wanted: req.GetScopes()}
	r.keyHash = presented.hashKey(req.GetIdempotencyKey())
	for range maxAttempts {
		tokens, err := r.attempt(ctx)
		if !errors.Is(err, store.ErrStale) {
			return tokens, err
		}
	}
	return nil, fmt.Errorf("authsvc: %d attempts: %w", maxAttempts, store.ErrStale)
}

// refreshing is one call of Refresh.
type refreshing struct {
	*server
	client    Client
	presented *refreshToken
	keyHash   []byte // of the idempotency key, empty for none
	wanted    []string
}

// attempt does all that can fail, then the one step that changes the session.
// ErrStale means to start over. A token that was replaced is judged even if it
// would get no answer: a request that can't be met must not hide a reuse.
func (r *refreshing) attempt(ctx context.Context) (*grpcauthv1.Tokens, error) {
	found, err := r.find(ctx)
	if err != nil {
		return nil, err
	}
	session := found.Session
	var g *grant
	var refusal error
	if r.answerable(session) {
		g, refusal = r.renew(ctx, found)
	}
	if r.presented.gen() != session.Gen {
		return r.settle(ctx, g, refusal)
	}
	if refusal != nil {
		return nil, refusal
	}
	if g != nil {
		tokens, err := r.rotate(ctx, session, g)
		if !errors.Is(err, store.ErrStale) {
			return tokens, err
		}
	}
	return r.settle(ctx, g, nil)
}

// find reads the session, and the counters no later than anything else that the
// new access token tells. Another client's token is no token of this client
// (RFC 6749 §6).
func (r *refreshing) find(ctx context.Context) (store.Renewal, error) {
	found, err := r.store.Renewal(ctx, r.presented.session())
	switch {
	case errors.Is(err, store.ErrNotFound):
		err = fmt.Errorf("%w: its session is not there", errRefreshInvalid)
	case err == nil && found.Session.ClientID != r.client.ID:
		err = fmt.Errorf("%w: it is another client's", errRefreshInvalid)
	case err == nil:
		err = checkBinding(ctx, found.Session.Certificate)
	}
	return found, err
}

// answerable reports whether the token may get an answer, so that one has to
// be made. The others are judged without asking who the user is.
func (r *refreshing) answerable(s store.Session) bool {
	gen := r.presented.gen()
	return s.RevokedAt.IsZero() && (gen == s.Gen || gen == s.Gen-1)
}

// renew makes the access token. A user who is gone ends the session.
func (r *refreshing) renew(ctx context.Context, found store.Renewal) (*grant, error) {
	session := found.Session
	if err := r.client.checkBound(session.Certificate); err != nil {
		return nil, err
	}
	id, err := r.users.renew(ctx, session.Subject, found.User)
	if errors.Is(err, ErrGone) {
		return nil, r.revokeGone(ctx, session)
	}
	if err != nil {
		return nil, err
	}
	scopes, err := renewScopes(r.wanted, session, r.client, id)
	if err != nil {
		return nil, err
	}
	audiences, err := chooseAudiences(session.Audiences, r.client.Audiences)
	if err != nil {
		return nil, err
	}
	return r.mint(ctx, session, id, scopes, audiences, found.Counters)
}

func (r *refreshing) revokeGone(ctx context.Context, session store.Session) error {
	if err := r.revoke(ctx, session.ID, "", "the user is gone"); err != nil {
		return err
	}
	return errRevoked
}

// rotate puts the successor in the token's place, if the token still is the
// session's newest.
func (r *refreshing) rotate(ctx context.Context, session store.Session, g *grant) (*grpcauthv1.Tokens, error) {
	next := r.codec.next(r.presented)
	sealed, err := r.codec.seal(r.presented, next)
	if err != nil {
		return nil, err
	}
	err = r.store.RotateSession(ctx, store.Rotation{
		ID:          session.ID,
		Gen:         r.presented.gen(),
		CurHash:     r.presented.hash(),
		ClientID:    r.client.ID,
		Certificate: session.Certificate,
		NewHash:     next.hash(),
		Sealed:      sealed,
		KeyHash:     r.keyHash,
		Idle:        r.cfg.RefreshTTL,
		Address:     r.address(ctx),
	})
	if err != nil {
		return nil, perhapsDone(err)
	}
	r.event(ctx, slog.LevelInfo, "refresh", sessionAttrs(session)...)
	return g.tokens(next, min(r.cfg.RefreshTTL, r.left(session.Expires))), nil
}

// left is how long it is until t, by the clock of the tokens.
func (s *server) left(t time.Time) time.Duration { return max(0, t.Sub(s.cfg.Now())) }

// perhapsDone is the error of a change of which nobody knows whether it was
// made. The client is told to come again, also when it was its own deadline
// that cut the answer off: if the change was made, the replay answers it.
func perhapsDone(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fault.Because(grpcauthv1.Reason_REASON_STORE_UNAVAILABLE, err)
	}
	return err
}
