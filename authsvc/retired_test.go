package authsvc_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
)

// A Secret is changed while sessions stand: the same store, first under the old
// one, then under the new one with and without the old one.
//
// checklist: R1
func TestRefreshTokensOfARetiredSecretAreTaken(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		old, next := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
		before := newWorld(t, open.use, func(s *setup) { s.config.Secret = old })
		under := func(secret []byte, retired ...[]byte) *world {
			return newWorld(t, func(s *setup) {
				s.wrap = func(store.Store) store.Store { return before.store }
				s.config.Secret, s.config.RetiredSecrets, s.config.Now = secret, retired, before.clock.Now
				s.config.Authenticate, s.config.Load = before.people.Authenticate, before.people.Load
			})
		}
		first := before.signIn().GetRefreshToken()
		lost := before.must(before.keyed(t.Context(), first, aKey)).GetRefreshToken()

		after := under(next, old)
		again := after.must(after.keyed(t.Context(), first, aKey)).GetRefreshToken()
		if again != lost {
			t.Error("a retry after the change gives another successor")
		}
		renewed := after.must(after.keyed(t.Context(), lost, anotherKey)).GetRefreshToken()

		alone := under(next)
		_, err := alone.keyed(t.Context(), lost, anotherKey)
		wantRefusal(t, err, "Unauthenticated REFRESH_INVALID")
		alone.must(alone.keyed(t.Context(), renewed, aKey))

		_, err = after.keyed(t.Context(), first, aKey) // reuse is told across the change
		wantRefusal(t, err, "Unauthenticated REFRESH_REUSED")
	})
}

func TestARetiredSecretThatNoneEverWasIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := authsvc.New(authsvc.Config{
		Issuer: "https://auth.example", Audiences: []string{"notes"}, Secret: bytes.Repeat([]byte{1}, 32), Store: w.store,
		RetiredSecrets: [][]byte{bytes.Repeat([]byte{1}, 32), []byte("short")},
	})
	if err == nil || !strings.Contains(err.Error(), "RetiredSecrets[1] has 5 bytes") {
		t.Error(err)
	}
}
