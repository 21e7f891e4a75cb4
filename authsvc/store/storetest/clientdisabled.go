package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// raceCreateDisable: every session of a client is ended when the client is
// disabled, also one that is being opened, or takes the place of another.
func raceCreateDisable(t *testing.T, c *crowd) {
	counter, err := counterOf(t.Context(), c.any(), "ada")
	noError(t, err)
	for round := range 10 {
		client := fmt.Sprintf("app %d", round)
		noError(t, c.any().AddClient(t.Context(), store.Client{ID: client, Users: true}))
		const n = 20
		olds, sessions := make([]store.Session, n), make([]store.Session, n)
		created := make([]error, n)
		for i := range n {
			olds[i], sessions[i] = newSession(c.clock.now(), "ada"), newSession(c.clock.now(), "ada")
			olds[i].ClientID, sessions[i].ClientID = client, client
			noError(t, c.any().CreateSession(t.Context(), olds[i], counter))
		}
		c.rush(n, func(i int, st store.Store) {
			switch {
			case i == n/2:
				created[i] = store.ErrStale
				err := st.UpdateClient(t.Context(), client, func(now time.Time, c *store.Client) error { c.DisabledAt = now; return nil })
				if err != nil {
					t.Error(err)
				}
			case i%2 == 0:
				created[i] = st.CreateSession(t.Context(), sessions[i], counter)
			default:
				created[i] = st.ReplaceSession(t.Context(), olds[i].ID, "proven anew", sessions[i], counter)
			}
		})
		for i, s := range sessions {
			checkEnded(t, c.any(), s.ID, created[i])
			checkEnded(t, c.any(), olds[i].ID, nil)
		}
	}
}
