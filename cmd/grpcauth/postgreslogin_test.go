package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/internal/testkit"
)

// A server that asks for a password is given the one from the file or from the
// variable, and a wrong one is refused without being shown.
//
// checklist: B2
func TestPostgresAsksForAPassword(t *testing.T) {
	t.Parallel()
	const secret = "hunter2/p@ss word"
	inURL, without := asksFor(t, secret)
	file := write(t, "password", secret+"\n", 0o600)
	for name, c := range map[string]struct {
		store string
		args  []string
	}{
		"in the variable": {inURL, nil},
		"in the file":     {without, []string{"--store-password-file", file}},
	} {
		got := runWith(t, "", []string{"GRPCAUTH_STORE=" + c.store}, append([]string{"migrate", "up"}, c.args...)...)
		if got.code != exitOK || !strings.Contains(got.stdout, "postgres://auth@127.0.0.1") || strings.Contains(got.stdout, "hunter2") {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	wrong := write(t, "wrong", "hunter3", 0o600)
	got := runWith(t, "", []string{"GRPCAUTH_STORE=" + without}, "migrate", "up", "--store-password-file", wrong)
	if got.code != exitFailure || !strings.Contains(got.stderr, "the database refuses the role or its password, check both") || strings.Contains(got.stderr, "hunter") {
		t.Errorf("a wrong password: got %+v", got)
	}
}

// asksFor is a PostgreSQL with a role that has a password: its URL with and
// without.
func asksFor(t *testing.T, secret string) (inURL, without string) {
	t.Helper()
	_, super := testkit.NewPostgres(t)
	db, err := storeFlag{Store: super}.pool()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var hba string
	if err := db.QueryRowContext(t.Context(), "SHOW hba_file").Scan(&hba); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"CREATE ROLE auth LOGIN PASSWORD '" + secret + "'",
		"CREATE DATABASE auth OWNER auth",
		"COPY (SELECT 'host all auth 127.0.0.1/32 scram-sha-256') TO '" + hba + "'",
		"SELECT pg_reload_conf()",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	u, err := url.Parse(super)
	if err != nil {
		t.Fatal(err)
	}
	u.Path, u.User = "/auth", url.User("auth")
	without = u.String()
	for err = nil; err == nil; { // until it has read the file
		_, _, err = storeFlag{Store: without}.versions(t.Context())
	}
	u.User = url.UserPassword("auth", secret)
	return u.String(), without
}
