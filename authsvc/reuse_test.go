package authsvc_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// checklist: R2
func TestALostAnswerIsGivenAgain(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		first := w.signIn()
		lost := w.must(w.refresh(first.GetRefreshToken()))
		for i := range 5 {
			w.clock.advance(5 * time.Second)
			again := w.must(w.refresh(first.GetRefreshToken()))
			if again.GetRefreshToken() != lost.GetRefreshToken() {
				t.Fatalf("replay %d gives another successor", i+1)
			}
			if w.claims(again).ID() == w.claims(lost).ID() {
				t.Error("a replay gives an old access token")
			}
		}
		w.must(w.refresh(lost.GetRefreshToken()))
	})
}

// checklist: R1 R2
func TestReuseEndsTheSession(t *testing.T) {
	t.Parallel()
	for name, reuse := range map[string]func(*world, *grpcauthv1.Tokens) string{
		"after the window": func(w *world, first *grpcauthv1.Tokens) string {
			w.must(w.refresh(first.GetRefreshToken()))
			w.clock.advance(31 * time.Second)
			return first.GetRefreshToken()
		},
		"after the successor was used": func(w *world, first *grpcauthv1.Tokens) string {
			second := w.must(w.refresh(first.GetRefreshToken()))
			w.must(w.refresh(second.GetRefreshToken()))
			return first.GetRefreshToken()
		},
		"for the sixth time": func(w *world, first *grpcauthv1.Tokens) string {
			for range 6 {
				w.must(w.refresh(first.GetRefreshToken()))
			}
			return first.GetRefreshToken()
		},
		"in the third generation running": func(w *world, first *grpcauthv1.Tokens) string {
			presented := first.GetRefreshToken()
			for range 2 {
				next := w.must(w.refresh(presented))
				w.must(w.refresh(presented))
				presented = next.GetRefreshToken()
			}
			w.must(w.refresh(presented))
			return presented
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everyStore(t, func(t *testing.T, open opener) {
				w := newWorld(t, open.use)
				used := reuse(w, w.signIn())
				_, err := w.refresh(used)
				wantRefusal(t, err, "Unauthenticated REFRESH_REUSED")
				_, err = w.refresh(used)
				wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
				if !strings.Contains(w.log.String(), `"msg":"refresh_reused"`) {
					t.Error("the log has no event")
				}
			})
		})
	}
}

// A generation without a replay between two with one starts the count anew.
//
// checklist: R2
func TestReplaysNowAndThenAreNoReuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	presented := w.signIn().GetRefreshToken()
	for range 4 {
		next := w.must(w.refresh(presented))
		w.must(w.refresh(presented))
		presented = w.must(w.refresh(next.GetRefreshToken())).GetRefreshToken()
	}
}

// checklist: R1
func TestThiefAndOwner(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		stolen := w.signIn().GetRefreshToken()
		owner := w.must(w.refresh(stolen))
		owner = w.must(w.refresh(owner.GetRefreshToken()))

		_, err := w.refresh(stolen)
		wantRefusal(t, err, "Unauthenticated REFRESH_REUSED")
		_, err = w.refresh(owner.GetRefreshToken())
		wantRefusal(t, err, "Unauthenticated SESSION_REVOKED")
		if session := w.session(owner); session.RevokedAt.IsZero() || session.Reason == "" {
			t.Error("the session stands")
		}
	})
}

// Reuse is found out even while nobody can say who the user is.
//
// checklist: R1
func TestReuseDuringAnOutageOfTheUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.signIn()
	second := w.must(w.refresh(first.GetRefreshToken()))
	w.must(w.refresh(second.GetRefreshToken()))
	w.people.fail(errors.New("down"))
	_, err := w.refresh(first.GetRefreshToken())
	wantRefusal(t, err, "Unauthenticated REFRESH_REUSED")
}

// A request that would be refused anyway must not hide that its token was used
// up.
//
// checklist: R1
func TestReuseByARequestThatCantBeMet(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil  func(*world)
		scopes []string
		want   string
	}{
		"a scope the session never had": {func(*world) {}, []string{"notes.admin"}, "PermissionDenied SCOPE_NOT_GRANTED"},
		"nobody knows who the user is":  {func(w *world) { w.people.fail(errors.New("down")) }, nil, "Unavailable USER_UNAVAILABLE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everyStore(t, func(t *testing.T, open opener) {
				w := newWorld(t, open.use)
				first := w.signIn()
				w.must(w.refresh(first.GetRefreshToken()))
				tc.spoil(w)
				for range 6 { // within the window it costs no replay
					_, err := w.refresh(first.GetRefreshToken(), tc.scopes...)
					wantRefusal(t, err, tc.want)
				}
				if session := w.session(first); session.Replays != 0 || !session.RevokedAt.IsZero() {
					t.Errorf("%d replays, revoked at %v", session.Replays, session.RevokedAt)
				}
				w.clock.advance(31 * time.Second)
				_, err := w.refresh(first.GetRefreshToken(), tc.scopes...)
				wantRefusal(t, err, "Unauthenticated REFRESH_REUSED")
				if w.session(first).RevokedAt.IsZero() {
					t.Error("the session stands")
				}
			})
		})
	}
}

func TestForgedTokensRaiseAnAlarm(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		for _, ahead := range []int64{-1, 0, 1, 1000} {
			w := newWorld(t, open.use)
			first := w.signIn()
			second := w.must(w.refresh(first.GetRefreshToken()))
			_, err := w.refresh(w.service.ForgeRefreshToken(second.GetRefreshToken(), ahead))
			wantRefusal(t, err, "Unauthenticated REFRESH_INVALID")
			if !strings.Contains(w.log.String(), `"level":"ERROR","msg":"refresh_forged"`) {
				t.Error("no alarm")
			}
			w.must(w.refresh(second.GetRefreshToken()))
		}
	})
}

// What the store holds of a session gives nobody a token.
//
// checklist: R5
func TestTheStoreHoldsNoToken(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		first := w.signIn()
		second := w.must(w.refresh(first.GetRefreshToken()))
		session := w.session(second)
		for _, tokens := range []*grpcauthv1.Tokens{first, second} {
			raw := decoded(t, tokens.GetRefreshToken())
			secret := raw[29:61]
			for what, column := range map[string][]byte{"cur_hash": session.CurHash, "prev_hash": session.PrevHash, "sealed": session.Sealed} {
				if bytes.Contains(column, secret) || bytes.Contains(column, []byte(tokens.GetRefreshToken())) {
					t.Errorf("%s holds a secret", what)
				}
			}
		}
		if len(session.CurHash) != 32 || len(session.PrevHash) != 32 {
			t.Errorf("hashes of %d and %d bytes", len(session.CurHash), len(session.PrevHash))
		}
	})
}

// A record that was tampered with gives no token away.
func TestAnAlteredSuccessor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.signIn()
	w.must(w.refresh(first.GetRefreshToken()))
	err := w.store.UpdateSession(t.Context(), first.GetSessionId(), func(_ time.Time, s *store.Session) error {
		s.Sealed[20] ^= 1
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.refresh(first.GetRefreshToken())
	wantRefusal(t, err, "Internal INTERNAL")
	if !strings.Contains(w.log.String(), "the sealed successor does not open") {
		t.Errorf("the log does not say why")
	}
}
