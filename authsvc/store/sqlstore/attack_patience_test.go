package sqlstore_test

import (
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// What ends the sessions of very many takes longer than one call may, and must
// be done all the same. Here it is a lock that takes the time.
func TestWhatEndsVeryManySessionsHasTheTime(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	for name, end := range map[string]func(*testing.T, store.Store, string) error{
		"disable a client": func(t *testing.T, st store.Store, client string) error {
			return st.UpdateClient(t.Context(), client, func(now time.Time, c *store.Client) error { c.DisabledAt = now; return nil })
		},
		"raise a client": func(t *testing.T, st store.Store, client string) error {
			return st.RaiseClient(t.Context(), client, "why")
		},
		"recover": func(t *testing.T, st store.Store, _ string) error { return st.Recover(t.Context(), "why") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := url
			if name == "recover" { // it waits for the sessions of all clients
				url = testkit.Postgres(t)
			}
			st, db := openPostgres(t, url), openPool(t, url)
			if err := st.AddClient(t.Context(), store.Client{ID: name, Users: true}); err != nil {
				t.Fatal(err)
			}
			counters, err := st.Counters(t.Context(), name, name)
			if err != nil {
				t.Fatal(err)
			}
			session := store.Session{ID: name, ClientID: name, Subject: name, Expires: time.Now().Add(time.Hour), IdleExpires: time.Now().Add(time.Hour)}
			if err := st.CreateSession(t.Context(), session, counters.Subject); err != nil {
				t.Fatal(err)
			}
			holder, err := db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := holder.ExecContext(t.Context(), `SELECT 1 FROM session WHERE id = $1 FOR UPDATE`, name); err != nil {
				t.Fatal(err)
			}
			released := make(chan error, 1)
			go func() {
				_, err := holder.ExecContext(t.Context(), `SELECT pg_sleep(6)`) // a call has 5 s
				if err == nil {
					err = holder.Commit()
				}
				released <- err
			}()
			if err := end(t, st, name); err != nil {
				t.Error(err)
			}
			if err := <-released; err != nil {
				t.Error(err)
			}
			if s, err := st.Session(t.Context(), name); err != nil || s.RevokedAt.IsZero() {
				t.Errorf("the session stands, %v", err)
			}
		})
	}
}
