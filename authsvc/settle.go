package authsvc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// settle judges a token that did not rotate the session, under the session's
// lock. g is the access token for an answer, or nil if none was made; refusal
// is then why, if there is a reason.
func (r *refreshing) settle(ctx context.Context, g *grant, refusal error) (*grpcauthv1.Tokens, error) {
	var v verdict
	var session store.Session
	err := r.store.UpdateSession(ctx, r.presented.session(), func(now time.Time, s *store.Session) error {
		v = judge(now, s, r.judged())
		r.record(ctx, v, s)
		session = *s
		if !v.changed() || v.answered() && g == nil { // no answer, nothing to count
			return errUnchanged
		}
		return nil
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, fmt.Errorf("%w: its session is not there", errRefreshInvalid)
	case err != nil && !errors.Is(err, errUnchanged):
		return nil, perhapsDone(err)
	case v.answered() && refusal != nil:
		return nil, refusal
	}
	return r.answer(ctx, v, session, g)
}

// judged is the token as it was presented.
func (r *refreshing) judged() judged {
	return judged{gen: r.presented.gen(), hash: r.presented.hash(), keyHash: r.keyHash}
}

// record leaves in the session what the audit record is told: of a reuse, both
// addresses, because one of the two is the owner's.
func (r *refreshing) record(ctx context.Context, v verdict, s *store.Session) {
	switch v {
	case replayed, retried:
		s.Log = append(s.Log, r.entry(ctx, "refresh_replayed", *s))
	case reused:
		e := r.entry(ctx, "refresh_reused", *s)
		e.Actor, e.OtherAddress = "", s.LastAddress // who of the two it is, nobody knows
		s.Log = append(s.Log, e)
	}
}

func (r *refreshing) answer(ctx context.Context, v verdict, session store.Session, g *grant) (*grpcauthv1.Tokens, error) {
	switch v {
	case current:
		return nil, fmt.Errorf("authsvc: the token is the newest after all: %w", store.ErrStale)
	case replayed, retried, repeated:
		return r.again(ctx, v, session, g)
	case unkeyed:
		return nil, errUnkeyed
	case reused:
		return nil, errReused
	case revoked:
		return nil, errRevoked
	case expired:
		return nil, fmt.Errorf("%w: its session has expired", errRefreshInvalid)
	default:
		r.event(ctx, slog.LevelError, "refresh_forged", r.tokenAttrs(session)...)
		return nil, fmt.Errorf("%w: its MAC is right, but it was never given out", errRefreshInvalid)
	}
}

// again answers a retry with the successor that the first answer held.
func (r *refreshing) again(ctx context.Context, v verdict, session store.Session, g *grant) (*grpcauthv1.Tokens, error) {
	if g == nil {
		return nil, fmt.Errorf("authsvc: the token is answerable after all: %w", store.ErrStale)
	}
	successor, err := r.codec.open(r.presented, session.Sealed)
	if err != nil {
		return nil, err
	}
	if v == repeated { // of the others the audit record has told
		r.event(ctx, slog.LevelInfo, "refresh_replayed", r.tokenAttrs(session)...)
	}
	return g.tokens(successor, r.left(session.IdleExpires)), nil
}

func (r *refreshing) tokenAttrs(session store.Session) []slog.Attr {
	return append(sessionAttrs(session), slog.Int64("generation", r.presented.gen()), slog.Int64("current", session.Gen))
}

// revoke ends a session. One that has ended or is not there is ended already.
// Nobody did it where actor is "": it had to end.
func (s *server) revoke(ctx context.Context, id, actor, reason string) error {
	err := s.store.UpdateSession(ctx, id, func(now time.Time, session *store.Session) error {
		if !session.RevokedAt.IsZero() {
			return errUnchanged
		}
		session.RevokedAt, session.Reason = now, reason
		e := s.entry(ctx, "session_revoked", *session)
		e.Actor = actor
		session.Log = append(session.Log, e)
		return nil
	})
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}
