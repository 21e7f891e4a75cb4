package authsvc_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
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

// needles are the secrets in each spelling that somebody could have kept.
func (d *secretDay) needles() needles {
	all := needles{}
	for what, secret := range d.secrets {
		forms := [][]byte{[]byte(secret)}
		if strings.HasPrefix(secret, "grt_") {
			raw := decodedToken(secret)
			forms = append(forms, raw, raw[29:61])
		}
		if raw, err := base64.RawURLEncoding.DecodeString(secret); err == nil {
			forms = append(forms, raw) // of a signature
		}
		for _, form := range forms {
			all.add(what, form)
			all.add(what, []byte(hex.EncodeToString(form)))
			all.add(what, []byte(base64.RawStdEncoding.EncodeToString(form)))
			all.add(what, []byte(base64.RawURLEncoding.EncodeToString(form)))
		}
	}
	all.add(foundIt, []byte(d.known))
	return all
}

const foundIt = "what is no secret"

// needles are looked for all at once, by their first eight bytes.
type needles map[uint64][]needle

type needle struct {
	what string
	text []byte
}

func (n needles) add(what string, text []byte) {
	if len(text) >= 8 {
		first := binary.LittleEndian.Uint64(text)
		n[first] = append(n[first], needle{what, text})
	}
}

// in is what of them is in a haystack.
func (n needles) in(haystack []byte) map[string]bool {
	found := map[string]bool{}
	for i := range max(0, len(haystack)-7) {
		for _, needle := range n[binary.LittleEndian.Uint64(haystack[i:])] {
			if bytes.HasPrefix(haystack[i:], needle.text) {
				found[needle.what] = true
			}
		}
	}
	return found
}

// holdsNone reports whether what must be there was found, and fails for what
// must not.
func (d *secretDay) holdsNone(where string, found map[string]bool) bool {
	d.t.Helper()
	known := found[foundIt]
	delete(found, foundIt)
	for what := range found {
		d.t.Errorf("%s holds: %s", where, what)
	}
	return known
}

// tables looks through every row of every table.
func (d *secretDay) tables(driver, dsn, list string) {
	d.t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		d.t.Fatal(err)
	}
	defer db.Close()
	known, all := false, d.needles()
	for _, table := range columnOf(d.t, db, list) {
		rows, err := db.QueryContext(d.t.Context(), `SELECT * FROM `+table) //nolint:unqueryvet // also columns that come later
		if err != nil {
			d.t.Fatal(err)
		}
		text := rowsOf(d.t, rows)
		known = d.holdsNone("table "+table, all.in(text)) || known
	}
	if !known || len(d.secrets) < 150 {
		d.t.Errorf("the session is in none of the tables, or only %d secrets were looked for", len(d.secrets))
	}
}

func columnOf(t testing.TB, db *sql.DB, query string) (texts []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}

// rowsOf is all that rows hold, one value after the other.
func rowsOf(t testing.TB, rows *sql.Rows) []byte {
	t.Helper()
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	var all bytes.Buffer
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for _, value := range values {
			all.Write(value)
			all.WriteByte('\n')
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all.Bytes()
}

// postgresFiles has the server write its pages, and is where they are.
func (d *secretDay) postgresFiles(url string) string {
	d.t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		d.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), "CHECKPOINT"); err != nil {
		d.t.Fatal(err)
	}
	return columnOf(d.t, db, "SHOW data_directory")[0]
}

// files looks through every file that was written since the day began.
func (d *secretDay) files(dir string) {
	d.t.Helper()
	known, all := 0, d.needles()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil || info.ModTime().Before(d.began) {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if d.holdsNone(filepath.Base(path), all.in(content)) {
			known++
		}
		return nil
	})
	if err != nil {
		d.t.Error(err)
	}
	if known == 0 {
		d.t.Error("the session is in none of the files, so this test looks in the wrong place")
	}
}
