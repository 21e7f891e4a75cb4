package authsvc_test

import (
	"testing"
	"time"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// A clock that is set back an hour, with the store's, logs nobody out and takes
// nothing for reuse: not the newest token, nor a retry of the one before.
//
// checklist: R1 R2 R4
func TestTheClockIsSetBackAnHour(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"without a key": "", "with a key": aKey} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everyStore(t, func(t *testing.T, open opener) {
				w := newWorld(t, open.use)
				w.clock.advance(3 * time.Hour)
				presented := w.signIn()
				lost := w.must(w.keyed(t.Context(), presented.GetRefreshToken(), key))

				w.clock.advance(-time.Hour)
				again := w.must(w.keyed(t.Context(), presented.GetRefreshToken(), key))
				if again.GetRefreshToken() != lost.GetRefreshToken() {
					t.Fatal("a retry gives another successor")
				}
				for _, moved := range []time.Duration{0, time.Minute, time.Hour} { // until it is set right again
					w.clock.advance(moved)
					again = w.must(w.keyed(t.Context(), again.GetRefreshToken(), newKey(key, moved)))
					if _, err := w.ListSessions(w.as(again), &grpcauthv1.ListSessionsRequest{}); err != nil {
						t.Errorf("the new access token: %v", err)
					}
				}
				if session := w.session(again); !session.RevokedAt.IsZero() || session.Gen != 5 {
					t.Errorf("generation %d, revoked at %v for %q", session.Gen, session.RevokedAt, session.Reason)
				}
				if found := w.entries("refresh_reused"); len(found) != 0 {
					t.Errorf("taken for reuse: %+v", found)
				}
			})
		})
	}
}

// newKey is another key each time for whoever uses keys.
func newKey(key string, moved time.Duration) string {
	if key == "" {
		return ""
	}
	return key + moved.String()
}

// A used-up token is found out by its generation, which no clock moves.
//
// checklist: R1
func TestReuseWhileTheClockIsBack(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		stolen := w.signIn()
		w.must(w.refresh(w.must(w.refresh(stolen.GetRefreshToken())).GetRefreshToken()))
		w.clock.advance(-time.Hour)
		_, err := w.refresh(stolen.GetRefreshToken())
		wantRefusal(t, err, "Unauthenticated REFRESH_REUSED")
	})
}
