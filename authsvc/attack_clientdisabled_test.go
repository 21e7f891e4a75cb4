package authsvc_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// disabling disables the client "web" once while a call is under way, before
// or after its counters are read.
type disabling struct {
	store.Store

	when string
}

func (d *disabling) Counters(ctx context.Context, subject, clientID string) (store.Counters, error) {
	before := d.at(ctx, "before")
	counters, err := d.Store.Counters(ctx, subject, clientID)
	return counters, errors.Join(before, err, d.at(ctx, "after"))
}

func (d *disabling) at(ctx context.Context, when string) error {
	if d.when != when {
		return nil
	}
	d.when = ""
	return d.UpdateClient(ctx, "web", func(now time.Time, c *store.Client) error { c.DisabledAt = now; return nil })
}

// A login that is under way while its client is disabled opens no session: one
// would come back to life with the client.
func TestNoSessionOutlivesTheDisablingOfItsClient(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		for _, when := range []string{"before", "after"} {
			d := &disabling{}
			w := newWorld(t, builtIn, open.use, func(s *setup) {
				s.wrap = func(inner store.Store) store.Store { d.Store = inner; return d }
			})
			w.addAda(nil)
			w.addApp("web")
			d.when = when
			_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, ClientId: "web"})
			if refusal(err) != "Aborted CONFLICT" {
				t.Errorf("disabled %s the counters were read: %s, want Aborted CONFLICT", when, refusal(err))
			}
			sessions, err := w.store.SessionsOf(t.Context(), adaSubject, "", 10)
			if err != nil || len(sessions) != 0 {
				t.Errorf("disabled %s the counters were read: %d sessions stand, %v", when, len(sessions), err)
			}
			if _, err = w.login(&grpcauthv1.LoginRequest{Username: "ada", Password: adaPassword, ClientId: "web"}); refusal(err) != "Unauthenticated INVALID_CLIENT" {
				t.Errorf("and then: %s, want Unauthenticated INVALID_CLIENT", refusal(err))
			}
		}
	})
}
