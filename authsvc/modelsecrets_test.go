package authsvc_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// After a day of calls nothing that was secret is in any table, nor in what
// lies in the files of the database beside the tables: pages that are no longer
// used, and the log that is written ahead.
//
// checklist: B2 C1 R5
func TestNoSecretIsKept(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "auth.db")
		d := liveADay(t, func(t testing.TB, now func() time.Time) store.Store { return openSQLiteAt(t, path, now) })
		d.tables("sqlite", sqlstore.SQLiteDSN(path), `SELECT name FROM sqlite_master WHERE type = 'table'`)
		d.files(filepath.Dir(path))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		_, url := testkit.NewPostgres(t)
		d := liveADay(t, func(t testing.TB, now func() time.Time) store.Store {
			return openPostgresAt(t, url, sqlstore.WithNow(now))
		})
		d.tables("pgx", url, `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
		d.files(d.postgresFiles(url))
	})
}

// secretDay is a service that people and services use for a day, and what they
// hold that nobody else must.
type secretDay struct {
	*world
	secrets map[string]string // by what they are
	began   time.Time
	known   string // what must be found, so that the search is known to work
}

func liveADay(t *testing.T, open opener) *secretDay {
	t.Helper()
	d := &secretDay{secrets: map[string]string{}, began: time.Now().Add(-time.Second)}
	d.world = newWorld(t, open.use, builtIn)
	d.t = t
	d.addAda(nil)
	d.keep("password", adaPassword)
	d.people()
	d.services()
	return d
}

func (d *secretDay) keep(what, secret string) {
	d.secrets[fmt.Sprintf("%s %d", what, len(d.secrets))] = secret
}

func (d *secretDay) keepTokens(tokens *grpcauthv1.Tokens) *grpcauthv1.Tokens {
	d.keep("refresh token", tokens.GetRefreshToken())
	d.keepAccess(tokens.GetAccessToken())
	return tokens
}

func (d *secretDay) keepAccess(raw string) {
	d.keep("access token", raw)
	d.keep("signature of an access token", raw[strings.LastIndex(raw, ".")+1:])
}

// people log in, refresh with keys and without, are refused, and change their
// password.
func (d *secretDay) people() {
	d.t.Helper()
	unkeyed, keyed := d.keepTokens(d.signIn()), d.keepTokens(d.signIn())
	d.known = unkeyed.GetSessionId()
	for i := range 12 {
		d.clock.advance(time.Hour)
		used, key := keyed.GetRefreshToken(), fmt.Sprintf("the key of refresh %d", i)
		d.keep("idempotency key", key)
		for range 2 { // and once more, because the answer was lost
			keyed = d.keepTokens(d.must(d.refreshKeyed(used, key)))
		}
		old := unkeyed.GetRefreshToken()
		unkeyed = d.keepTokens(d.must(d.refresh(old)))
		if i%2 == 0 {
			d.keepTokens(d.must(d.refresh(old)))
		}
	}
	for i, wrong := range []string{"a password that is wrong", "another that is wrong"} {
		d.keep("wrong password", wrong)
		_, err := d.login(&grpcauthv1.LoginRequest{Username: []string{"ada", "nobody here"}[i], Password: wrong})
		wantRefusal(d.t, err, "Unauthenticated INVALID_CREDENTIALS")
	}
	d.keep("name of nobody, perhaps a password", "nobody here")
	again, err := d.Reauthenticate(d.as(keyed), &grpcauthv1.ReauthenticateRequest{Password: adaPassword})
	keyed = d.keepTokens(d.must(again.GetTokens(), err))
	d.keep("new password", "a new password of ada")
	changed, err := d.ChangePassword(d.as(keyed), &grpcauthv1.ChangePasswordRequest{OldPassword: adaPassword, NewPassword: "a new password of ada"})
	last := d.keepTokens(d.must(changed.GetTokens(), err))
	_, err = d.refresh(unkeyed.GetRefreshToken())
	wantRefusal(d.t, err, "Unauthenticated SESSION_REVOKED")
	next := d.keepTokens(d.must(d.refresh(last.GetRefreshToken())))
	d.clock.advance(time.Hour)
	_, err = d.refresh(last.GetRefreshToken())
	wantRefusal(d.t, err, "Unauthenticated REFRESH_REUSED")
	if _, err := d.Logout(d.as(next), &grpcauthv1.LogoutRequest{}); refusal(err) != "Unauthenticated TOKEN_EXPIRED" {
		d.t.Errorf("Logout: %v", err)
	}
}

func (d *secretDay) refreshKeyed(token, key string) (*grpcauthv1.Tokens, error) {
	r, err := d.Refresh(d.t.Context(), &grpcauthv1.RefreshRequest{RefreshToken: token, IdempotencyKey: key})
	return r.GetTokens(), err
}

// services get tokens by secrets and by assertions, and take them back.
func (d *secretDay) services() {
	d.t.Helper()
	secret := d.addClient()
	d.keep("client secret", secret)
	d.keep("wrong client secret", "a client secret that is wrong")
	_, err := d.clientToken(bySecret("crawler", "a client secret that is wrong"))
	wantRefusal(d.t, err, "Unauthenticated INVALID_CLIENT")
	tokens, err := d.clientToken(bySecret("crawler", secret))
	d.keepAccess(d.must(tokens, err).GetAccessToken())
	if _, err := d.RevokeToken(d.t.Context(), &grpcauthv1.RevokeTokenRequest{
		Token: tokens.GetAccessToken(), ClientId: "crawler", Proof: &grpcauthv1.RevokeTokenRequest_ClientSecret{ClientSecret: secret},
	}); err != nil {
		d.t.Error(err)
	}
	key := edSigner(d.t)
	d.addKeyed(key, func(c *store.Client) { c.ID = "signer" })
	assertion := key.sign(d.t, d.assertion(map[string]any{"iss": "signer", "sub": "signer"}), nil)
	d.keep("client assertion", assertion)
	d.keep("signature of an assertion", assertion[strings.LastIndex(assertion, ".")+1:])
	tokens, err = d.clientToken(byAssertion("signer", assertion))
	d.keepAccess(d.must(tokens, err).GetAccessToken())
}
