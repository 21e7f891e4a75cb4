package testkit

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// postgresEnv is the URL of a PostgreSQL to use instead of a throwaway one.
// Its role must be allowed to make databases.
const postgresEnv = "GRPCAUTH_TEST_POSTGRES_URL"

// postgresDriver is the name that pgx registers itself by. The test imports
// it, so that packages without a database don't link it:
//
//	import _ "github.com/jackc/pgx/v5/stdlib"
const postgresDriver = "pgx"

// shared is the server of this test binary. The first test that asks starts
// it, and it ends with the process.
var shared = sync.OnceValues(startShared) //nolint:gochecknoglobals // one server for all tests of a process

func startShared() (*PostgresServer, error) {
	s, err := newPostgres(false)
	if err != nil {
		return nil, err
	}
	return s, s.Start()
}

// Postgres returns the URL of an empty PostgreSQL database that only this test
// uses; it is dropped when the test ends. It lies on the server that
// GRPCAUTH_TEST_POSTGRES_URL names, else on a throwaway one, which all tests
// of the binary share and which ends with it, however it ends. Where neither
// is to be had it does as [Require] does.
func Postgres(t testing.TB) string {
	t.Helper()
	if named := os.Getenv(postgresEnv); named != "" {
		return database(t, named)
	}
	settle(t, "postgresql", lacksPostgres())
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return database(t, s.url("postgres"))
}

// NewPostgres starts a throwaway server that only this test uses, for those
// that stop it or measure it, and returns it with the URL of an empty database
// on it. As in production each commit is synced to disk; the shared server
// leaves that to the system, because no test pulls the plug.
// GRPCAUTH_TEST_POSTGRES_URL is of no use here.
func NewPostgres(t testing.TB) (*PostgresServer, string) {
	t.Helper()
	settle(t, "postgresql", lacksPostgres())
	s, err := newPostgres(true)
	if err == nil {
		t.Cleanup(s.remove)
		err = s.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return s, s.url("postgres")
}

// database makes a database beside the one that the URL names.
func database(t testing.TB, server string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	administer(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { administer(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	at, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is not a URL", postgresEnv) // which may hold a password
	}
	at.Path = "/" + name
	return at.String()
}

// administer runs one statement on a connection of its own, also when the
// test's context has ended.
func administer(t testing.TB, server, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db, err := sql.Open(postgresDriver, server)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(ctx, statement)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
