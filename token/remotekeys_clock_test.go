package token_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// A clock that jumps, either way, makes the keys old: they are fetched again,
// and not trusted for longer than they should be.
// checklist: K4
func TestClockJumps(t *testing.T) {
	t.Parallel()
	h := hands()[0]
	for name, tc := range map[string]struct {
		jump    time.Duration
		fetched bool  // again, while the issuer answers
		want    error // while it does not
	}{
		"a second ahead":     {time.Second, false, nil},
		"a second back":      {-time.Second, false, nil},
		"an hour ahead":      {time.Hour, true, nil},
		"an hour back":       {-time.Hour, true, nil},
		"a week ahead":       {7 * 24 * time.Hour, true, token.ErrKeysUnavailable},
		"a week back":        {-7 * 24 * time.Hour, true, token.ErrKeysUnavailable},
		"to the year 1":      {time.Time{}.Sub(now), true, token.ErrKeysUnavailable},
		"centuries ahead":    {200 * 365 * 24 * time.Hour, true, token.ErrKeysUnavailable},
		"the longest ahead":  {1<<63 - 1, true, token.ErrKeysUnavailable},
		"the longest behind": {-1 << 63, true, token.ErrKeysUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, up := range []bool{true, false} {
				synctest.Test(t, func(t *testing.T) {
					server, at := new(jwksServer), now
					server.publish(h.key.Public())
					keys := inBubble(server, func(c *token.RemoteKeysConfig) { c.Now = func() time.Time { return at } })
					_ = must(keys.Key(t.Context(), h.key.ID(), ""))
					if !up {
						server.fail()
					}
					at = at.Add(tc.jump)
					_, err := keys.Key(t.Context(), h.key.ID(), "")
					synctest.Wait()
					if up && err != nil || !up {
						wantErr(t, err, tc.want)
					}
					if fetched := server.count.Load() == 2; fetched != tc.fetched {
						t.Errorf("fetched again: %t (%d fetches)", fetched, server.count.Load())
					}
					if up && keys.Stats().Age > time.Second {
						t.Errorf("the keys are %s old", keys.Stats().Age)
					}
				})
			}
		})
	}
}
