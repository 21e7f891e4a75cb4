package authsvc

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc/peer"

	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// A thief who has copied a refresh token plays against its owner, on the real
// service and with a clock that only the game moves. The thief knows when the
// owner will refresh, to the second.

// scene is the service that they play on.
type scene struct {
	t      *testing.T
	server *server
	now    time.Time
	rng    *rand.Rand
	ctx    context.Context
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, now: noon, rng: rand.New(rand.NewPCG(1, 2))}
	s.ctx = peer.NewContext(t.Context(), &peer.Peer{Addr: &net.UnixAddr{Name: "here", Net: "unix"}})
	ada := Identity{Subject: "ada"}
	service, err := New(Config{
		Issuer: "https://auth.example", Audiences: []string{"notes"}, Secret: bytes.Repeat([]byte("0123456789abcdef"), 2),
		Store:        memory.New(memory.WithNow(s.clock)),
		Now:          s.clock,
		Logger:       slog.New(slog.DiscardHandler),
		Authenticate: func(context.Context, Credentials) (Identity, error) { return ada, nil },
		Load:         func(context.Context, string) (Identity, error) { return ada, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	s.server = service.server
	return s
}

func (s *scene) clock() time.Time { return s.now }

// holder is whoever holds a refresh token: an authclient, or a copy of its file.
type holder struct {
	token string
	key   string // the idempotency key of the next refresh, saved before it is sent
	fresh func() string
	got   int // access tokens
	over  bool
}

// login is an owner whose refreshes carry keys, or do not.
func (s *scene) login(keyed bool) *holder {
	s.t.Helper()
	answer, err := s.server.Login(s.ctx, &grpcauthv1.LoginRequest{Username: "ada", Password: "any"})
	if err != nil {
		s.t.Fatal(err)
	}
	h := &holder{token: answer.GetTokens().GetRefreshToken(), fresh: func() string { return "" }}
	if keyed {
		h.fresh = s.key
	}
	h.key = h.fresh()
	return h
}

func (s *scene) key() string { return fmt.Sprintf("%032x", s.rng.Uint64()) }

// present sends the token. lost: the answer does not arrive.
func (s *scene) present(h *holder, lost bool) {
	s.t.Helper()
	if h.over {
		return
	}
	answer, err := s.server.Refresh(s.ctx, &grpcauthv1.RefreshRequest{RefreshToken: h.token, IdempotencyKey: h.key})
	switch {
	case err == nil && lost:
	case err == nil:
		h.token, h.key = answer.GetTokens().GetRefreshToken(), h.fresh()
		h.got++
	case isOver(fault.ReasonOf(err)):
		h.over = true
	default:
		s.t.Fatal(err)
	}
}

// isOver: an honest client gives up, and so does a thief.
func isOver(reason grpcauthv1.Reason) bool {
	switch reason {
	case grpcauthv1.Reason_REASON_REFRESH_REUSED, grpcauthv1.Reason_REASON_SESSION_REVOKED,
		grpcauthv1.Reason_REASON_REFRESH_INVALID, grpcauthv1.Reason_REASON_INVALID_REQUEST:
		return true
	}
	return false
}

// stands reports whether the session of a token does.
func (s *scene) stands(h *holder) bool {
	s.t.Helper()
	parsed, err := s.server.codec.parse(h.token)
	if err != nil {
		s.t.Fatal(err)
	}
	session, err := s.server.store.Session(s.ctx, parsed.session())
	if err != nil {
		s.t.Fatal(err)
	}
	return session.RevokedAt.IsZero()
}

// meanwhile is how long authclient waits for its next refresh: three quarters
// of the access token's life, give or take a fifth.
func (s *scene) meanwhile() time.Duration {
	return time.Duration(float64(DefaultAccessTTL) * 0.75 * (0.8 + 0.4*s.rng.Float64()))
}

// loot is what the thief takes along.
type loot int

const (
	withoutKeys loot = iota // the owner uses no keys: the token is all there is
	tokenOnly               // the owner uses keys, and the token was copied
	wholeFile               // token and key were copied
)

// steal makes a thief.
func (s *scene) steal(owner *holder, what loot) *holder {
	thief := &holder{token: owner.token, fresh: func() string { return "" }}
	if what != withoutKeys {
		thief.fresh = s.key
	}
	thief.key = thief.fresh()
	if what == wholeFile {
		thief.key = owner.key
	}
	return thief
}

// move is when the thief presents the newest token they hold, from the owner's
// refresh.
type move time.Duration

const (
	rest         = move(time.Hour) // not at all
	wellBefore   = move(-time.Minute)
	justBefore   = move(-time.Second)
	justAfter    = move(time.Second)
	insideWindow = move(29 * time.Second)
	pastWindow   = move(31 * time.Second)
)

// result is how a game ended.
type result struct {
	refreshes int  // of the owner, after the theft, until the session ended
	caught    bool // it did end
	gained    int  // access tokens that the thief got
	shared    int  // refreshes after which both had gained something
}

// longest is how many refreshes of the owner a game may take: a day of them.
const longest = 128

// play has the thief make these moves, one at each refresh of the owner, and
// the last one from then on.
func (s *scene) play(what loot, moves ...move) result {
	s.t.Helper()
	owner := s.login(what != withoutKeys)
	s.now = s.now.Add(s.meanwhile())
	s.present(owner, false)
	thief := s.steal(owner, what)
	var r result
	for i := range longest {
		before := thief.got
		s.refreshBeside(owner, thief, moves[min(i, len(moves)-1)])
		r.refreshes, r.gained = i+1, thief.got
		if thief.got > before && !owner.over {
			r.shared++
		}
		if r.caught = !s.stands(owner); r.caught || i >= len(moves) && thief.over {
			return r
		}
	}
	return r
}

// refreshBeside is one refresh of the owner, with the thief before or behind.
func (s *scene) refreshBeside(owner, thief *holder, m move) {
	s.t.Helper()
	due := s.now.Add(s.meanwhile())
	if m < 0 {
		s.now = due.Add(time.Duration(m))
		s.present(thief, false)
	}
	s.now = due
	s.present(owner, false)
	if m > 0 && m != rest {
		s.now = due.Add(time.Duration(m))
		s.present(thief, false)
		s.now = due
	}
}
