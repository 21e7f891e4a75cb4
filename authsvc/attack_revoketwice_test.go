package authsvc_test

import (
	"context"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// Who gives one token up again and again uses up nothing of what its client
// has for others, and makes up no entries.
//
// checklist: X1
func TestARevokedTokenIsRevokedOnce(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		told := 0
		w := newWorld(t, open.use, func(s *setup) {
			s.config.Audit = func(_ context.Context, e store.Entry) {
				if e.Kind == "token_revoked" {
					told++
				}
			}
		})
		tokens, other := w.signIn(), w.signIn()
		for range 1100 { // more than the burst, while the clock stands
			if err := w.revokeToken("", tokens.GetAccessToken()); err != nil {
				t.Fatal(refusal(err))
			}
		}
		wantRefusal(t, w.revokeToken("", other.GetAccessToken()), "OK")
		if told != 2 {
			t.Errorf("told of %d revocations, want 2", told)
		}
	})
}
